#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# only: 6.12 7.2
# devices: hardware
# root: 12
# nested: yes
# memory: 2048
# timeout: 3600
#
# QEMU of Debian 12 on the char device of a NIC on the PCI bus, with a guest of its
# own, which gets at the network behind the NIC.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh

modprobe vp_mdev
hw_vhost $HW_PAGES || exit 1
check "a Debian 12 can be mounted" root_up 12 || exit 1
check "the files that the inner guest boots from are there" nested_up || exit 1
note "$(in_root qemu-system-x86_64 --version | head -n 1)"

nested_start guest.sh "/dev/$(chardev_of "$UUID")" -global virtio-net-pci.romfile=
if nested_boots "the guest boots"; then
	nested_do "virtio-net has come up" nested_online
	nested_do "ping of the router" "ping -c 3 -W 20 $HW_ROUTER"
	nested_do "a download by TCP is what was sent" nested_download
	check_equal "the instance is running while the guest uses it" \
		running "$(state_of "$UUID")"
	check "the NIC's interrupts reach the guest" test "$(hw_irqs $HW_PAGES vq0)" -gt 0
fi
# hardware does not tell where a virtqueue stands
nested_stop "the guest" 'vhost VQ [0-9] ring restore failed: -95: '
check_equal "the instance is idle after the guest's end" idle "$(state_of "$UUID")"

nested_down
root_down
check "the instance can be removed" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return $HW_PAGES
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
unload
