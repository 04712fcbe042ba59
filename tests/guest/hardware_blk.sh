#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# devices: hardware
# timeout: 600
#
# The kernel's virtio-blk on functions of the PCI bus with several virtqueues:
# one has an interrupt for each, one has two for all.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-hw.sh

MB=4
modprobe vp_mdev
modprobe virtio_blk
modprobe ext4
random_file /tmp/sent $MB

# queues_used: how many virtqueues of the instance were kicked
queues_used()
{
	_n=0
	for _k in "$DIR"/vq*/kicks; do
		[ "$(cat "$_k")" = 0 ] || _n=$((_n + 1))
	done
	echo $_n
}

# each CPU has a virtqueue of its own
read_from()
{
	taskset "$1" dd if="$DEV" of=/dev/null bs=64k count=8 iflag=direct \
		2>/dev/null
}

# check_disk FUNCTION VECTORS WHAT
check_disk()
{
	uuid=$(new_uuid)
	check "vp_mdev takes the function, $3" hw_bind "$1" || return 1
	check "an instance can be created, $3" create_hw "$1" virtio "$uuid" ||
		return 1
	check_equal "a second instance is refused in each class, $3" "0 0 0" "$(cat \
		"$MDEV_BUS/$1"-*/mdev_supported_types/*/available_instances |
		tr '\n' ' ' | sed 's/ $//')"
	check "virtio-blk drives the function's disk, $3" \
		wait_for 20 blk_vars "$uuid" || return 1
	blk_vars "$uuid"
	check_equal "the disk has 64 MiB, $3" 67108864 "$(blk_size "$uuid")"
	check_equal "the disk has $2 interrupts, $3" "$2" "$(hw_vectors "$1")"

	mkdir -p /tmp/mnt
	check "a file system can be made, $3" mke2fs "$DEV"
	check "the file system can be mounted, $3" mount -t ext4 "$DEV" /tmp/mnt
	check "a file can be written, $3" cp /tmp/sent /tmp/mnt/file
	check "the file system can be unmounted, $3" umount /tmp/mnt

	check "a CPU can read, $3" read_from 1
	check "another CPU can read, $3" read_from 2
	check_equal "each CPU reads through a virtqueue of its own, $3" 2 "$(queues_used)"

	check "virtio-blk can be unbound, $3" \
		put "$(virtio_of "$uuid")" $VIRTIO_BLK/unbind
	check "virtio-blk can be bound, $3" put "$(virtio_of "$uuid")" $VIRTIO_BLK/bind
	check "the disk is back, $3" wait_for 20 blk_vars "$uuid"
	blk_vars "$uuid"
	check "the file system can be mounted again, $3" \
		mount -t ext4 -o ro "$DEV" /tmp/mnt
	check "the file is what was written, $3" cmp /tmp/sent /tmp/mnt/file
	check "the file system can be unmounted again, $3" umount /tmp/mnt

	check "the instance can be removed, $3" remove_mdev "$uuid"
	check "virtio_pci takes the function back, $3" hw_return "$1"
	check_equal "virtio_pci has the function, $3" virtio-pci "$(pci_driver "$1")"
}

check_disk $HW_BLK 5 "an interrupt each"
check_disk $HW_BLK_FEW 2 "two interrupts"
check_log "the log says that virtqueues are shared by CPUs" \
	"2 interrupts for 4 virtqueues, so some are shared"
unload
