#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 600
#
# mvblk in QEMU through VFIO, as -device vhost-mdev-pci.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1
new_blk ram64m
qemu_root_up
checks_of python3 /tests/root/disk.py vfio-device.sh "$UUID"
qemu_idle "disk"
qemu_root_down
blk_down
