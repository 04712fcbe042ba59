#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# mvblk's device, driven by a program on its VFIO fd.
. /tests/lib.sh
. /tests/lib-blk.sh

UUID=$(new_uuid)
DIR=$(instance "$UUID")
MIB=$((1024 * 1024))
IMAGE=/tmp/image

# new_blk TYPE: an instance of class VHOST
new_blk()
{
	check "mvblk-$1 of class VHOST can be created" \
		create_blk vhost "$1" "$UUID" || exit 1
	check_equal "vhost_mdev has it" vhost_mdev "$(driver_of "$UUID")"
	check_equal "it is a block device" 2 "$(cat "$DIR/virtio_device_id")"
}

# what udev does elsewhere
modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1

# --- in RAM ------------------------------------------------------------------

new_blk ram64m
check "it can have another size before it is used" put 32M "$DIR/size"
check "a program reads its configuration" vmblk "$UUID" config
check "data of all kinds" vmblk "$UUID" data
check "data that cannot be pinned" vmblk "$UUID" memlock
check "requests that break the rules" vmblk "$UUID" neg
check_log "the log says why a queue broke" "without room for its status"
check_log "and that an address is not mapped" "a buffer at .* which is not mapped"
check "it has no more memory than it may" \
	test "$(cat "$DIR/allocated")" -le $((32 * MIB))
check "it has some" test "$(cat "$DIR/allocated")" -gt 0
check "it can be made smaller" put 512 "$DIR/size"
check "which gives memory back" wait_for 10 \
	sh -c "[ \$(cat $DIR/allocated) -le 4096 ]"
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
check "it can be removed" remove_mdev "$UUID"

# --- in a file ---------------------------------------------------------------

truncate -s 32M $IMAGE
new_blk file
check "it gets a file" put $IMAGE "$DIR/backing"
check "a program reads its configuration" vmblk "$UUID" config
check "data of all kinds" vmblk "$UUID" data /tmp/dump
check "it is in the file" sh -c "head -c $((4 * MIB)) $IMAGE | cmp - /tmp/dump"
check "data that cannot be pinned" vmblk "$UUID" memlock
check "requests that break the rules" vmblk "$UUID" neg
check "its cache" vmblk "$UUID" wce
truncate -s 4096 $IMAGE
check "reads that fail claim to have written nothing" vmblk "$UUID" short
truncate -s 32M $IMAGE
check "the file can be taken away" put "" "$DIR/backing"
check_equal "then it has no size" 0 "$(cat "$DIR/size")"
check_equal "pages pinned in the end" 0 "$(pinned_pages)"

# --- handed to the kernel and back -------------------------------------------

check "the file can be given again" put $IMAGE "$DIR/backing"
modprobe virtio_blk
modprobe virtio_mdev
check "it can be meant for the other class driver" \
	put virtio_mdev "$DIR/driver_override"
check "and unbound" put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
check "and bound" put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/bind
check "the kernel has a disk of it" wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
cp $IMAGE /tmp/dump
check "with the data that the program wrote" same /tmp/dump
check "it can be handed back" sh -c "echo > $DIR/driver_override
	echo $UUID > /sys/bus/mdev_class/drivers/virtio_mdev/unbind &&
	echo $UUID > /sys/bus/mdev_class/drivers/vhost_mdev/bind"
check "a program has it again" vmblk "$UUID" config
check "it can be removed" remove_mdev "$UUID"

# --- without indirect descriptors --------------------------------------------

put 0x10000000 /sys/module/mvblk/parameters/features_off
new_blk ram64m
check "requests are to fit a ring of any size" vmblk "$UUID" config
check "it can be removed" remove_mdev "$UUID"
put 0 /sys/module/mvblk/parameters/features_off

# --- read only ---------------------------------------------------------------

put 1 /sys/module/mvblk/parameters/read_only
new_blk ram64m
check "nothing can be written to what is read only" vmblk "$UUID" ro
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
check "it can be removed" remove_mdev "$UUID"
rm -f $IMAGE /tmp/dump
blk_down
