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
	check "frames come back, $how" user_net traffic --frames 1000
	check "super-frames come back through packed rings in order, $how" \
		user_net traffic --packed --in-order --frames 300 --gso --mrg --event-idx
	check "a second user is turned away, $how" user_net second
	check "virtqueues whose memory is unmapped under traffic break, $how" \
		user_net unmap-live --queue-size 64 --size 300 --count 3
	check "buffers in read-only mappings are not written to, $how" \
		user_net readonly --queue-size 64
	check "frames come back with 64 KiB of locked memory, $how" \
		user_net memlock --frames 300
	check_equal "no page is pinned afterwards, $how" 0 "$(pinned_pages)"
done
check "frames come back through the VFIO device's node" \
	env VM_IOMMUFD=cdev user-net --uuid "$UUID" traffic --frames 500
vhost_down

# what else is on the VFIO fd
modprobe mvblk || exit 1
uuid=$(new_uuid)
check "an instance of mvblk is created" create_blk vhost ram64m "$uuid" || exit 1
for VM_IOMMUFD in cdev compat; do
	export VM_IOMMUFD
	check "a disk serves data of all kinds, $VM_IOMMUFD" user-blk "$uuid" data
	check "a disk serves data that cannot be pinned, $VM_IOMMUFD" \
		user-blk "$uuid" memlock
done
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
check "the instance of mvblk can be removed" remove_mdev "$uuid"
unload
