#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# qemu: patched
# devices: hardware
# nested: yes
# memory: 2048
# timeout: 3600
#
# QEMU has a NIC on the PCI bus through VFIO, in the IOMMU group of the NIC, and a guest
# of its own, which gets at the network behind it; also after a reboot.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh
. /tests/lib-qemu.sh

# online WHEN
online()
{
	nested_do "$1: virtio-net has come up" nested_online &&
	nested_do "$1: ping of the router" "ping -c 3 -W 20 $HW_ROUTER" &&
	nested_do "$1: a download by TCP is what was sent" nested_download
}

modprobe vp_mdev
hw_vhost $HW_PAGES || exit 1
qemu_root_up
check "the files that the inner guest boots from are there" nested_up || exit 1

nested_start vfio-net.sh "$UUID" -global virtio-net-pci.romfile=
if nested_boots "the guest boots"; then
	online "at first"
	check_equal "the instance is running while the guest uses it" \
		running "$(state_of "$UUID")"
	check "the NIC's interrupts reach the guest" test "$(hw_irqs $HW_PAGES vq0)" -gt 0
	nested_reboot
	nested_boots "the guest boots again" && online "after the reboot"
fi
nested_stop "the guest"
qemu_idle "in the end"

nested_down
qemu_root_down
check "the instance can be removed" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return $HW_PAGES
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
unload
