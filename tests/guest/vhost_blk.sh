#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# mvblk's device, driven by a program through its VFIO fd.
. /tests/lib.sh
. /tests/lib-blk.sh

UUID=$(new_uuid)
DIR=$(instance "$UUID")
MIB=$((1024 * 1024))
IMAGE=/tmp/image

# new_blk TYPE: create an instance of class VHOST
new_blk()
{
	check "mvblk-$1 of class VHOST can be created" \
		create_blk vhost "$1" "$UUID" || exit 1
	check_equal "vhost_mdev has the instance of mvblk-$1" \
		vhost_mdev "$(driver_of "$UUID")"
	check_equal "the instance of mvblk-$1 is a block device" \
		2 "$(cat "$DIR/virtio_device_id")"
}

# elsewhere udev loads it
modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1

# --- in RAM ------------------------------------------------------------------

new_blk ram64m
check "the size of a disk in RAM can be set before it is used" \
	put 32M "$DIR/size"
check "a program reads the configuration of a disk in RAM" user-blk "$UUID" config
check "a program writes and reads all kinds of data on a disk in RAM" \
	user-blk "$UUID" data
check "a disk in RAM serves data that cannot be pinned" user-blk "$UUID" memlock
check "requests that break the rules are refused by a disk in RAM" \
	user-blk "$UUID" neg
check_log "the log says that a request has no room for its status" \
	"without room for its status"
check_log "the log says that the address of a buffer is not mapped" \
	"a buffer at .* which is not mapped"
check "a disk in RAM allocates no more than its size" \
	test "$(cat "$DIR/allocated")" -le $((32 * MIB))
check "a disk in RAM has memory allocated after it was written to" \
	test "$(cat "$DIR/allocated")" -gt 0
check "a disk in RAM can be made smaller" put 512 "$DIR/size"
check "a disk in RAM that was made smaller gives memory back" wait_for 10 \
	sh -c "[ \$(cat $DIR/allocated) -le 4096 ]"
check_equal "a disk in RAM leaves no page pinned" 0 "$(pinned_pages)"
check "a disk in RAM can be removed" remove_mdev "$UUID"

# --- in a file ---------------------------------------------------------------

truncate -s 32M $IMAGE
new_blk file
check "a disk can be given a file" put $IMAGE "$DIR/backing"
check "a program reads the configuration of a disk in a file" \
	user-blk "$UUID" config
check "a program writes and reads all kinds of data on a disk in a file" \
	user-blk "$UUID" data /tmp/dump
check "the data that was written is in the file" \
	sh -c "head -c $((4 * MIB)) $IMAGE | cmp - /tmp/dump"
check "a disk in a file serves data that cannot be pinned" user-blk "$UUID" memlock
check "requests that break the rules are refused by a disk in a file" \
	user-blk "$UUID" neg
check "the cache of a disk in a file can be switched off and on" \
	user-blk "$UUID" wce
truncate -s 4096 $IMAGE
check "reads that fail report no written bytes" user-blk "$UUID" short
truncate -s 32M $IMAGE
check "the file can be taken away from an unused disk" put "" "$DIR/backing"
check_equal "a disk without a file has no size" 0 "$(cat "$DIR/size")"
check_equal "a disk in a file leaves no page pinned" 0 "$(pinned_pages)"

# --- two disks with one file -------------------------------------------------

OTHER=$(new_uuid)
OTHER_DIR=$(instance "$OTHER")
check "a second disk can be created" create_blk vhost file "$OTHER"
check_equal "a disk is not shared by default" 0 "$(cat "$DIR/shared")"
check "a disk without a file can be shared" put 1 "$DIR/shared"
check "a shared disk can be given the file" put $IMAGE "$DIR/backing"
check_errno "a disk that is not shared is refused the file of a shared one" \
	EBUSY put $IMAGE "$OTHER_DIR/backing"
check "the second disk can be shared, too" put 1 "$OTHER_DIR/shared"
check "two disks that are shared can have the same file" \
	put $IMAGE "$OTHER_DIR/backing"
check_errno "a disk with a file stays shared" EBUSY put 0 "$DIR/shared"
check "two disks with one file use it in turn" user-blk "$UUID" turns "$OTHER"
check_log "the log says that another disk uses the file" \
	"another instance uses $IMAGE now"
check "the file can be taken away from the second disk" \
	put "" "$OTHER_DIR/backing"
check "the file can be taken away from the first disk" put "" "$DIR/backing"
LOWER=$(new_uuid)
modprobe virtio_blk
modprobe virtio_mdev
check "a lower disk can be created" create_blk virtio ram64m "$LOWER"
check "the lower disk is a block device" wait_for 10 disk_of "$LOWER"
lower=/dev/$(disk_of "$LOWER")
check "two disks that are shared can have the same block device" sh -c \
	"echo $lower >$DIR/backing && echo $lower >$OTHER_DIR/backing"
check "two disks with one block device use it in turn" \
	user-blk "$UUID" turns "$OTHER"
check "the second disk can be removed" remove_mdev "$OTHER"
check "the block device can be taken away" put "" "$DIR/backing"
check "the lower disk can be removed" remove_mdev "$LOWER"
check "the first disk can stop being shared" put 0 "$DIR/shared"

# --- handed to the kernel and back -------------------------------------------

check "the file can be given to the disk again" put $IMAGE "$DIR/backing"
modprobe virtio_blk
modprobe virtio_mdev
check "driver_override can be set to virtio_mdev" \
	put virtio_mdev "$DIR/driver_override"
check "vhost_mdev can be unbound from the disk" \
	put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
check "virtio_mdev can be bound to the disk" \
	put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/bind
check "virtio-blk has a disk after virtio_mdev was bound" \
	wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
cp $IMAGE /tmp/dump
check "virtio-blk reads the data that the program wrote" same /tmp/dump
check "the disk can be handed back to vhost_mdev" \
	sh -c "echo > $DIR/driver_override
	echo $UUID > /sys/bus/mdev_class/drivers/virtio_mdev/unbind &&
	echo $UUID > /sys/bus/mdev_class/drivers/vhost_mdev/bind"
check "a program can use the disk that was handed back" user-blk "$UUID" config
check "the disk that was handed back can be removed" remove_mdev "$UUID"

# --- without indirect descriptors --------------------------------------------

put 0x10000000 /sys/module/mvblk/parameters/features_off
new_blk ram64m
check "the configuration without indirect descriptors fits a ring of any size" \
	user-blk "$UUID" config
check "a disk without indirect descriptors can be removed" remove_mdev "$UUID"
put 0 /sys/module/mvblk/parameters/features_off

# --- read only ---------------------------------------------------------------

put 1 /sys/module/mvblk/parameters/read_only
new_blk ram64m
check "writes to a read-only disk are refused" user-blk "$UUID" ro
check_equal "a read-only disk leaves no page pinned" 0 "$(pinned_pages)"
check "a read-only disk can be removed" remove_mdev "$UUID"
rm -f $IMAGE /tmp/dump
blk_down
