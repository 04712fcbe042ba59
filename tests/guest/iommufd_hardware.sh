#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# only: iommufd
# devices: hardware
# timeout: 300
#
# A program has a function on the PCI bus by the node of its VFIO device, and an
# address space of an iommufd, which is the IOMMU's.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh
export VM_IOMMUFD=cdev
modprobe iommufd

modprobe vp_mdev
hw_vhost $HW_PAGES || exit 1
check "the VFIO device has a node below the function" \
	[ -c /dev/vfio/devices/"$(ls $PCI/devices/$HW_PAGES/vfio-dev)" ]
check "the VFIO device describes a function in hardware" user-net info --uuid "$UUID"
check "frames come back by DMA, with eventfds" user_hw traffic
check "frames come back by DMA, with mapped doorbells" user_hw traffic --doorbell
check_unmapped_safe buffers
check_unmapped_safe rings
DOORBELL=1
kill_hw_users 4
export VM_IOMMUFD=compat
check "frames come back by DMA, through a group with /dev/iommu" user_hw traffic
export VM_IOMMUFD=
check "frames come back by DMA, in a container of type1" user_hw traffic
check "the instance can be removed" remove_mdev "$UUID"
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
check "the function is returned" hw_return $HW_PAGES
unload
