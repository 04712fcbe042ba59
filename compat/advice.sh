#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# advice.sh RELEASE [OPTION...]: print what to do about a kernel of this release for
# which the modules cannot be built, in one line: because it lacks these options, or
# because its headers are not installed.  MACHINE is its architecture.
set -u

release=$1
shift
machine=${MACHINE:-$(uname -m)}

case "$machine $release" in
*-cloud-*)
	echo "a cloud kernel lacks CONFIG_VFIO_MDEV:" \
		"apt-get install linux-image-${release##*-} linux-headers-${release##*-}," \
		"and boot that kernel" ;;
aarch64\ *|arm64\ *)
	echo "Debian builds its arm64 kernels without CONFIG_VFIO_MDEV, and no package" \
		"has a kernel with it: only one that you build can load the modules" ;;
*)
	if [ $# = 0 ]; then
		echo "apt-get install linux-headers-$release"
	else
		echo "it takes a kernel that is built with $*," \
			"as Debian's linux-image-amd64 is"
	fi ;;
esac
