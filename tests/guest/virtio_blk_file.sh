#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# mvblk's device in a file, driven by the kernel's virtio-blk.
. /tests/lib.sh
. /tests/lib-blk.sh

UUID=$(new_uuid)
OTHER=$(new_uuid)
THIRD=$(new_uuid)
MIB=$((1024 * 1024))
IMAGE="/tmp/an image"
cd /tmp || exit 1

check "mvblk can be loaded" modprobe mvblk || exit 1
blk_up file "$UUID" || exit 1

# --- a file, or what is none -------------------------------------------------

check_equal "without a file it has no size" 0 "$(blk_size "$UUID")"
check_equal "and no file" "" "$(cat "$DIR/backing")"
check_errno "a file that is not there" ENOENT put /tmp/none "$DIR/backing"
check_log "the log says so" "cannot open /tmp/none"
check_errno "a directory is refused" EINVAL put /tmp "$DIR/backing"
# whoever opened it would find that no driver has it
mknod /tmp/char c 240 0
check_errno "a char device is refused, and not opened" EINVAL \
	put /tmp/char "$DIR/backing"
mkfifo /tmp/fifo
check_errno "a FIFO is refused, and not waited for" EINVAL \
	put /tmp/fifo "$DIR/backing"
# it has a size that a disk could have
check_errno "a file of sysfs is refused" EINVAL put "$DIR/uevent" "$DIR/backing"
check_log "the log names its file system" "of the file system sysfs"
check_errno "a file of proc is refused" EINVAL put /proc/version "$DIR/backing"
check_log "the log names proc" "/proc/version is of the file system proc"
rm /tmp/char /tmp/fifo
: >/tmp/empty
check_errno "a file of no size" EINVAL put /tmp/empty "$DIR/backing"
check_errno "a file has the size that it has" EOPNOTSUPP put 1M "$DIR/size"
check_not "pages are not counted" test -e "$DIR/allocated"

truncate -s $((16 * MIB + 300)) "$IMAGE"
check "a file with a blank in its name" put "$IMAGE" "$DIR/backing"
check_equal "it is there" "$IMAGE" "$(cat "$DIR/backing")"
check "the driver sees its size, without half a sector" \
	wait_for 10 size_is "$UUID" $((16 * MIB))
check_errno "a second file" EBUSY put "$IMAGE" "$DIR/backing"
check_errno "no file any more, in use" EBUSY put "" "$DIR/backing"
ln "$IMAGE" /tmp/link
check "a second instance can be created" create_blk virtio file "$OTHER"
OTHER_DIR=$(instance "$OTHER")
check_errno "it cannot have the same file by another name" EBUSY \
	put /tmp/link "$OTHER_DIR/backing"
check_log "the log says that it is in use" "in use by another instance"
check_equal "it still has none" "" "$(cat "$OTHER_DIR/backing")"
truncate -s 1M /tmp/free
check "it can have another file" put /tmp/free "$OTHER_DIR/backing"
check "it can be removed" remove_mdev "$OTHER"
rm /tmp/link /tmp/free

# --- data --------------------------------------------------------------------

check "it is empty" all_zero 0 $((16 * MIB))
random_file one 8
check "8 MiB can be written" put_range one 0 $((8 * MIB))
check "and read back, byte for byte" same one
check "they are in the file" sh -c "head -c $((8 * MIB)) '$IMAGE' | cmp - one"
check "a flush comes back" sync "$DEV"

check "zeroes can be written" blkop zero "$DEV" $((MIB + 512)) $MIB
zero_in one $((MIB + 512)) $MIB
check "they are there, and nothing else" same one
check "they are in the file" sh -c "head -c $((8 * MIB)) '$IMAGE' | cmp - one"
used=$(du -k "$IMAGE" | cut -f1)
check "a range can be discarded" blkdiscard -o $((4 * MIB)) -l $((2 * MIB)) "$DEV"
zero_in one $((4 * MIB)) $((2 * MIB))
check "it is there no more, and the rest is" same one
check_equal "the file got smaller by as much" $((used - 2048)) \
	"$(du -k "$IMAGE" | cut -f1)"
check "zeroes can give space back" blkop punch "$DEV" $((7 * MIB)) $((MIB / 2))
zero_in one $((7 * MIB)) $((MIB / 2))
check "they are there" same one
check_equal "the file got smaller again" $((used - 2048 - 512)) \
	"$(du -k "$IMAGE" | cut -f1)"

COUNT=1000
[ "$KERNEL" != debug ] || COUNT=500
check "four threads write and read what they wrote" \
	blkop stress -t 4 -n $COUNT "$DEV"

# --- the cache ---------------------------------------------------------------

CACHE=/sys/block/$DISK/queue/write_cache
check_equal "there is a cache" "write back" "$(cat "$CACHE")"
check "it can be switched off" put "write through" "/sys/block/$DISK/cache_type"
check_equal "it is off" "write through" "$(cat "/sys/block/$DISK/cache_type")"
random_file one 4
check "data can be written then" put_range one 0 $((4 * MIB))
check "and read back" same one
check "it can be switched on" put "write back" "/sys/block/$DISK/cache_type"
check_equal "it is on" "write back" "$(cat "/sys/block/$DISK/cache_type")"
check "it can be switched off again" \
	put "write through" "/sys/block/$DISK/cache_type"
vdev=$(virtio_of "$UUID")
put "$vdev" $VIRTIO_BLK/unbind
check "the driver can be bound again" put "$vdev" $VIRTIO_BLK/bind
wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "the cache is still off" "write through" \
	"$(cat "/sys/block/$DISK/cache_type")"
check "the class driver can be bound again" rebind "$UUID" virtio_mdev
check "the disk is there again" wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "then the cache is on" "write back" \
	"$(cat "/sys/block/$DISK/cache_type")"
check_equal "no request failed" 0 "$(vq_sum "$UUID" drops)"

# --- a file that goes away ---------------------------------------------------

check "somebody makes the file shorter" truncate -s $((2 * MIB)) "$IMAGE"
check "what is left can be read" sh -c \
	"dd if=$DEV bs=64k count=32 iflag=direct 2>/dev/null | cmp - '$IMAGE'"
check_not "the rest cannot" dd if="$DEV" of=/dev/null bs=64k skip=64 count=1 \
	iflag=direct
check_log "the log says why" "cannot read the backing file"
check "the request was answered" test "$(vq_sum "$UUID" drops)" -gt 0

vdev=$(virtio_of "$UUID")
check "the driver can be unbound" put "$vdev" $VIRTIO_BLK/unbind
check "then the file can be taken away" put "" "$DIR/backing"
check_equal "there is none" "0 " "$(cat "$DIR/size") $(cat "$DIR/backing")"
check "the file that was let go of can be another instance's" sh -c \
	"echo $OTHER >$(type_dir mvblk0-virtio '*-mvblk-file')/create &&
	 echo '$IMAGE' >$OTHER_DIR/backing"
check "that instance can be removed" remove_mdev "$OTHER"
check "the file can be the first one's again" put "$IMAGE" "$DIR/backing"
check "and be taken away again" put "" "$DIR/backing"
check "another one can be given" put "/tmp/one" "$DIR/backing"
check "the driver can be bound again" put "$vdev" $VIRTIO_BLK/bind
check "it is there again" wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "with the size of the other one" $((4 * MIB)) "$(blk_size "$UUID")"
cp one two
check "and its data" same two
check "it can be removed" remove_mdev "$UUID"
rm -f two empty

# --- a file from the start, by parameter -------------------------------------

rm "$IMAGE"
truncate -s 2M "/tmp/disk-$OTHER.img"
check "a default can be set" put '/tmp/disk-%u.img' \
	/sys/module/mvblk/parameters/backing
check "also for devices that are read only" put 1 \
	/sys/module/mvblk/parameters/read_only
blk_up file "$OTHER"
check_equal "it has its file" "/tmp/disk-$OTHER.img" "$(cat "$DIR/backing")"
check_equal "of its size" $((2 * MIB)) "$(blk_size "$OTHER")"
check_equal "it is read only" "1 1" \
	"$(cat "/sys/block/$DISK/ro" "$DIR/read_only" | xargs)"
check "it can be read" all_zero 0 $((2 * MIB))
check_not "it cannot be written" \
	dd if=/tmp/one of="$DEV" bs=4k count=1 oflag=direct
check_errno "a device without its file is not created" ENOENT \
	create_blk virtio file "$UUID"
put "" /sys/module/mvblk/parameters/backing
check "a second one that is read only can be created" \
	create_blk virtio file "$UUID"
check "it can share the file" put "/tmp/disk-$OTHER.img" \
	"$(instance "$UUID")/backing"
check "the first one can be removed" remove_mdev "$OTHER"
put 0 /sys/module/mvblk/parameters/read_only
check "one that writes can be created" create_blk virtio file "$OTHER"
check_errno "it cannot have a file that one reads" EBUSY \
	put "/tmp/disk-$OTHER.img" "$OTHER_DIR/backing"
check "the one that reads can be removed" remove_mdev "$UUID"
check "then the file can be written to" \
	put "/tmp/disk-$OTHER.img" "$OTHER_DIR/backing"
check "it can be removed" remove_mdev "$OTHER"
blk_down

# --- a block device as a file ------------------------------------------------

check "mvblk can be loaded again, without indirect descriptors" \
	modprobe mvblk features_off=0x10000000 || exit 1
check "a disk in RAM" blk_up ram64m "$OTHER"
blk_vars "$OTHER"
check_equal "segments of a request are as many as with them" 254 \
	"$(cat "/sys/block/$DISK/queue/max_segments")"
lower=$DEV
check "another one on top of it" create_blk virtio file "$UUID"
modprobe ext4
check "a file system is made on the disk" mke2fs "$lower"
mkdir -p /tmp/mnt
check "it is mounted" mount -t ext4 "$lower" /tmp/mnt
check_errno "a disk that is mounted is refused" EBUSY \
	put "$lower" "$(instance "$UUID")/backing"
# the debug kernel has no swap
if [ -e /proc/swaps ]; then
	dd if=/dev/zero of=/tmp/mnt/swap bs=1M count=4 2>/dev/null
	chmod 600 /tmp/mnt/swap
	check "a swap file is made on it" mkswap /tmp/mnt/swap
	check "it is swapped to" swapon /tmp/mnt/swap
	check_errno "a file that is swapped to is refused" EBUSY \
		put /tmp/mnt/swap "$(instance "$UUID")/backing"
	check_log "the log says that it is swap" "/tmp/mnt/swap is in use as swap"
	check "it is not swapped to any more" swapoff /tmp/mnt/swap
	check "a device for the swap file can be created" \
		create_blk virtio file "$THIRD"
	check "the file can be attached before it is swapped to" \
		put /tmp/mnt/swap "$(instance "$THIRD")/backing"
	check "the device of the swap file has its size" \
		wait_for 10 size_is "$THIRD" $((4 * MIB))
	swapped=/dev/$(disk_of "$THIRD")
	check "an attached file can be swapped to" swapon /tmp/mnt/swap
	check_not "a file that is swapped to cannot be read" \
		dd if="$swapped" of=/dev/null bs=4k count=1 iflag=direct
	check_not "a file that is swapped to cannot be written" \
		dd if=/tmp/one of="$swapped" bs=4k count=1 oflag=direct
	check "the attached file is not swapped to any more" swapoff /tmp/mnt/swap
	check "it can be read again" \
		dd if="$swapped" of=/dev/null bs=4k count=1 iflag=direct
	check "the device of the swap file can be removed" remove_mdev "$THIRD"
fi
check "the file system is unmounted" umount /tmp/mnt
check "the disk is emptied" blkdiscard "$lower"
check "with the disk as its file" put "$lower" "$(instance "$UUID")/backing"
check "a third one" create_blk virtio file "$THIRD"
check_errno "it cannot have the same disk" EBUSY \
	put "$lower" "$(instance "$THIRD")/backing"
check "it can be removed" remove_mdev "$THIRD"
check_errno "the disk cannot be mounted now" EBUSY \
	sh -c "mount -t ext4 $lower /tmp/mnt || exit 1"
check "has its size" wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
check "data can be written" put_range one 0 $((4 * MIB))
check "and read back" same one
check "it is in the lower one" sh -c "sync; head -c $((4 * MIB)) $lower | cmp - one"
check "zeroes can be written" blkop zero "$DEV" 4096 $MIB
zero_in one 4096 $MIB
check "a range can be discarded" blkdiscard -o $((2 * MIB)) -l $MIB "$DEV"
zero_in one $((2 * MIB)) $MIB
check "the data is what it shall be" same one
check "the lower one gave memory back" wait_for 10 sh -c \
	"[ \$(cat $OTHER_DIR/allocated) -lt $((4 * MIB)) ]"
check "the upper one can be removed" remove_mdev "$UUID"
check "then the lower one can be mounted" sh -c \
	"mke2fs $lower && mount -t ext4 $lower /tmp/mnt && umount /tmp/mnt"
check "and the lower one" remove_mdev "$OTHER"
rm -f one
blk_down
