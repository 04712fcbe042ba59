#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# qemu: patched
# devices: hardware
# memory: 2048
# timeout: 600
#
# A PCI function that QEMU has by vfio-pci, in one container with instances.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-hw.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

# vfio_bind FUNCTION: to vfio-pci
vfio_bind()
{
	hw_release "$1" && put vfio-pci "$PCI/devices/$1/driver_override" &&
		put "$1" "$PCI/drivers/vfio-pci/bind"
}

qemu_instances
qemu_root_up
modprobe vfio-pci
check "vfio-pci takes a disk" vfio_bind "$HW_BLK" || exit 1
qemu_test hardware "$HW_BLK"
qemu_test notify "$HW_BLK"
hw_return "$HW_BLK"
rmmod vfio-pci 2>/dev/null
qemu_instances_down
