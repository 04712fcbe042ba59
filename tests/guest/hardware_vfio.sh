#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: 6.1 6.12
# devices: hardware
# root: 12
# nested: yes
# memory: 2048
# timeout: 3600
#
# QEMU of Debian 12 with instances of class VFIO of functions on the PCI bus: a disk
# and a NIC whose doorbells are mapped into the guest, which gets at the network behind
# the NIC; a function of vfio-pci in one container with instances.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh
. /tests/lib-vfio-pci.sh

# hw_vfio FUNCTION: bind it and create the instance, UUID
hw_vfio()
{
	UUID=$(new_uuid)
	check "vp_mdev takes $1" hw_bind "$1" || return 1
	check "$1 has an instance of class VFIO" create_hw "$1" vfio "$UUID"
}

# online WHEN
online()
{
	nested_do "$1: virtio-net has come up" nested_online &&
	nested_do "$1: ping of the router" "ping -c 3 -W 20 $HW_ROUTER" &&
	nested_do "$1: a download by TCP is what was sent" nested_download
}

modprobe vfio_iommu_type1
modprobe vp_mdev
stock_root_up 12

# --- a disk ---------------------------------------------------------------------

FUNCTION=$(hw_behind $HW_DISK_PORT) || exit 1
hw_vfio "$FUNCTION" || exit 1
check_equal "the directory of the instance has the group of the function" \
	"$(hw_group "$FUNCTION")" \
	"$(basename "$(readlink "/sys/bus/mdev/devices/$UUID/iommu_group")")"
checks_of python3 /tests/root/vfio.py doorbells "$UUID"
check_equal "the disk is idle again" idle "$(state_of "$UUID")"
check_equal "the disk: pages pinned" 0 "$(pinned_pages)"
check "the disk can be removed" remove_mdev "$UUID"
check "virtio_pci takes the disk back" hw_return "$FUNCTION"

# --- a function of vfio-pci, and instances ----------------------------------------

vfio_instances
check "vfio-pci takes a disk" vfio_pci_take $HW_BLK
vfio_test hardware $HW_BLK
hw_return $HW_BLK
rmmod vfio-pci 2>/dev/null

# --- a NIC ----------------------------------------------------------------------

check "what the guest of QEMU boots is there" nested_up || exit 1
hw_vfio $HW_PAGES || exit 1
nested_start vfio-pci.sh "$UUID" -qmp "unix:$PWD/qmp,server=on,wait=off"
if nested_boots "the guest boots"; then
	online "at first"
	check_equal "the NIC runs" running "$(state_of "$UUID")"
	checks_of python3 /tests/root/vfio.py mapped "$PWD/qmp" 3
	# a start of the virtqueue may count as one
	check "no kick comes through the kernel" \
		test "$(line_of "$(instance "$UUID")/vq1/kicks")" -le 1
	check "interrupts came from the NIC" test "$(hw_irqs $HW_PAGES vq0)" -gt 0
	nested_reboot
	nested_boots "the guest boots again" && online "after the reboot"
fi
nested_stop "the guest"
check_equal "the NIC is idle again" idle "$(state_of "$UUID")"

nested_down
root_down
check "the NIC can be removed" remove_mdev "$UUID"
check "virtio_pci takes the NIC back" hw_return $HW_PAGES
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
unload
