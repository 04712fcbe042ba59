#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
# devices: hardware
# timeout: 600
#
# A program has a function on the PCI bus through the char device, which maps memory
# with messages into an address space of the IOMMU that is its own.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh
. /tests/lib-vhost.sh

WAY=--chardev
DOORBELL=1
modprobe vp_mdev
hw_vhost $HW_PAGES || exit 1
check "an instance of a function has a char device" test -c "/dev/$(chardev_of "$UUID")"
check "frames come back by DMA, with eventfds" user_hw traffic
check "frames come back by DMA, with mapped doorbells" user_hw traffic --doorbell
check "the receiver's interrupts come with mapped doorbells" \
	test "$(hw_irqs $HW_PAGES vq0)" -gt 0
check "calls that a function in hardware cannot serve are refused" user_hw calls
check "mappings that a function's address space does not have are refused" user_hw messages
check "memory is the owner's and counts as locked" user_net_chardev owner
check_unmapped_safe buffers
check_unmapped_safe rings
check_equal "no page is pinned after users of the char device were killed" \
	0 "$(pinned_pages)"
kill_hw_users 6

check_user_hw_runs "a program uses the char device" victim
check_errno "a second user is refused on the char device" EBUSY user_hw traffic
WAY=
# the group is not viable, says vfio
check_errno "a second user is refused through the VFIO device" EPERM user_hw traffic
kill -9 "$victim"
wait "$victim"
check "the VFIO device carries traffic when the char device is closed" user_hw traffic
WAY=--chardev
check "the char device carries traffic when the VFIO device is closed" user_hw traffic
check "the instance can be removed" remove_mdev "$UUID"
check "the function is returned" hw_return $HW_PAGES

hw_vhost $HW_NET || exit 1
check "doorbells cannot be mapped where they share a page" \
	user_net_chardev doorbell --absent
check "frames come back by DMA, with eventfds" user_hw traffic
check "the instance can be removed" remove_mdev "$UUID"
check "the function is returned" hw_return $HW_NET
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
unload
