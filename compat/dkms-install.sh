#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms-install.sh NAME VERSION: have DKMS build and install the source that lies
# in /usr/src/NAME-VERSION, for each kernel that has its headers here.
set -u

name=$1
version=$2

dkms add -m "$name" -v "$version" || exit 1

installed=
failed=
for build in /lib/modules/*/build; do
	[ -e "$build/Makefile" ] || continue
	release=${build%/build}
	release=${release##*/}
	dkms install -m "$name" -v "$version" -k "$release"
	case $? in
	0)	installed="$installed $release" ;;
	# BUILD_EXCLUSIVE_CONFIG; dkms has said so, in its way
	77)	echo "$name: $release lacks an option that it needs, see dkms.conf" ;;
	*)	failed="$failed $release" ;;
	esac
done

if [ -n "$failed" ]; then
	echo "$name: not installed for$failed" >&2
	exit 1
fi
if [ -z "$installed" ]; then
	echo "$name: no kernel with headers: apt-get install linux-headers-$(uname -r)" >&2
	exit 1
fi
echo "$name $version is installed for$installed"
