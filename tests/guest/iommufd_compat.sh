#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: iommufd
# timeout: 240
#
# Groups on a kernel with iommufd: in a container of type1, and with /dev/iommu in
# its place.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-blk.sh
modprobe iommufd

vhost_up
# compat, or nothing: type1
for VM_IOMMUFD in compat ""; do
	export VM_IOMMUFD
	how=${VM_IOMMUFD:-type1}
	check "$how: traffic" user_net traffic --frames 1000
	check "$how: packed rings in order, super-frames" \
		user_net traffic --packed --in-order --frames 300 --gso --mrg --event-idx
	check "$how: a second user is turned away" user_net second
	check "$how: UNMAP_DMA of what is in use" \
		user_net unmap-live --queue-size 64 --size 300 --count 3
	check "$how: mappings that may not be written" user_net readonly --queue-size 64
	check "$how: 64 KiB of locked memory" user_net memlock --frames 300
	check_equal "$how: pages pinned after that" 0 "$(pinned_pages)"
done
check "the VFIO device works through its node" \
	env VM_IOMMUFD=cdev user-net --uuid "$UUID" traffic --frames 500
vhost_down

# what else is on the VFIO fd
modprobe mvblk || exit 1
uuid=$(new_uuid)
check "an instance of mvblk is created" create_blk vhost ram64m "$uuid" || exit 1
for VM_IOMMUFD in cdev compat; do
	export VM_IOMMUFD
	check "$VM_IOMMUFD: mvblk: data of all kinds" user-blk "$uuid" data
	check "$VM_IOMMUFD: mvblk: data that cannot be pinned" user-blk "$uuid" memlock
done
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
check "the instance of mvblk can be removed" remove_mdev "$uuid"
unload
