#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: 6.12 7.2
# root: 12-backports
# qemu: patched
# devices: hardware
# nested: yes
# memory: 2048
# timeout: 3600
#
# QEMU has a NIC on the PCI bus by VFIO, in the IOMMU group of the NIC, and a guest
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
check "what its guest boots is there" nested_up || exit 1

# guest SCRIPT [OPTION...]: its life
guest()
{
	_how=$1
	_before=$(hw_irqs $HW_PAGES vq0)
	shift
	note "$_how"
	nested_start "$_how" "$UUID" -global virtio-net-pci.romfile= "$@"
	if nested_boots "$_how: the guest boots"; then
		online "$_how"
		check_equal "$_how: the instance runs" running "$(state_of "$UUID")"
		check "$_how: memory is pinned" test "$(pinned_pages)" -gt 0
		check "$_how: interrupts came from the NIC" \
			test "$(hw_irqs $HW_PAGES vq0)" -gt "$_before"
		nested_reboot
		nested_boots "$_how: it boots again" && online "$_how, again"
	fi
	nested_stop "$_how: the guest"
	qemu_idle "$_how"
}

guest vfio-net.sh
guest vfio-device.sh -global virtio-pci.page-per-vq=on

nested_down
qemu_root_down
check "the instance can be removed" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return $HW_PAGES
check_equal "nothing is pinned in the end" 0 "$(pinned_pages)"
unload
