#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms-keep.sh DIR: called by dkms in its build directory, which it is about to
# delete.  DIR is what it keeps of this kernel until "dkms remove".  A parent
# driver that is built elsewhere needs the symbol versions of mdev_core:
# KBUILD_EXTRA_SYMBOLS=/var/lib/dkms/virtio-mdev/kernel-RELEASE-ARCH/Module.symvers
set -eu

[ -d "$1" ] || {
	echo "virtio-mdev: no $1 to keep Module.symvers in" >&2
	exit 1
}
cp Module.symvers "$1/"
