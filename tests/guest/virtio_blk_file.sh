#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# kernels: 7.2
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

# --- files that are accepted and refused -------------------------------------

check_equal "a disk without a file has no size" 0 "$(blk_size "$UUID")"
check_equal "backing of a disk without a file is empty" \
	"" "$(cat "$DIR/backing")"
check_errno "a file that does not exist is refused" \
	ENOENT put /tmp/none "$DIR/backing"
check_log "the log says that the file cannot be opened" "cannot open /tmp/none"
check_errno "a directory is refused" EINVAL put /tmp "$DIR/backing"
# an open() would fail, because no driver has this number
mknod /tmp/char c 240 0
check_errno "a char device is refused, and not opened" EINVAL \
	put /tmp/char "$DIR/backing"
mkfifo /tmp/fifo
check_errno "a FIFO is refused, and not waited for" EINVAL \
	put /tmp/fifo "$DIR/backing"
# the file has a size that a disk could have
check_errno "a file of sysfs is refused" EINVAL put "$DIR/uevent" "$DIR/backing"
check_log "the log names the file system of a refused file of sysfs" \
	"of the file system sysfs"
check_errno "a file of proc is refused" EINVAL put /proc/version "$DIR/backing"
check_log "the log names the file system of a refused file of proc" \
	"/proc/version is of the file system proc"
rm /tmp/char /tmp/fifo
: >/tmp/empty
check_errno "an empty file is refused" EINVAL put /tmp/empty "$DIR/backing"
check_errno "the size of a disk in a file cannot be set" \
	EOPNOTSUPP put 1M "$DIR/size"
check_not "a disk in a file has no attribute allocated" test -e "$DIR/allocated"

truncate -s $((16 * MIB + 300)) "$IMAGE"
check "a file with a blank in its name can be attached" \
	put "$IMAGE" "$DIR/backing"
check_equal "backing has the name of the attached file" \
	"$IMAGE" "$(cat "$DIR/backing")"
check "the driver sees the size of the file rounded down to a sector" \
	wait_for 10 size_is "$UUID" $((16 * MIB))
check_errno "a second file is refused while the first is attached" \
	EBUSY put "$IMAGE" "$DIR/backing"
check_errno "the file of a disk in use cannot be taken away" \
	EBUSY put "" "$DIR/backing"
ln "$IMAGE" /tmp/link
check "a second instance can be created" create_blk virtio file "$OTHER"
OTHER_DIR=$(instance "$OTHER")
check_errno "another name of a file in use is refused by the second instance" \
	EBUSY \
	put /tmp/link "$OTHER_DIR/backing"
check_log "the log says that another instance uses the file" \
	"in use by another instance"
check_equal "the second instance has no file after one was refused" \
	"" "$(cat "$OTHER_DIR/backing")"
truncate -s 1M /tmp/free
check "the second instance can have another file" \
	put /tmp/free "$OTHER_DIR/backing"
check "the second instance can be removed" remove_mdev "$OTHER"
rm /tmp/link /tmp/free

# --- data --------------------------------------------------------------------

check "a new file reads zeroes" all_zero 0 $((16 * MIB))
random_file one 8
check "8 MiB can be written" put_range one 0 $((8 * MIB))
check "the 8 MiB that were written read back byte for byte" same one
check "the 8 MiB that were written are in the file" \
	sh -c "head -c $((8 * MIB)) '$IMAGE' | cmp - one"
check "a flush completes" sync "$DEV"

check "zeroes can be written to a range of the file" \
	blkop zero "$DEV" $((MIB + 512)) $MIB
zero_in one $((MIB + 512)) $MIB
check "the written range reads zeroes, and the rest is unchanged" same one
check "the zeroes that were written are in the file" \
	sh -c "head -c $((8 * MIB)) '$IMAGE' | cmp - one"
used=$(du -k "$IMAGE" | cut -f1)
check "a range can be discarded" blkdiscard -o $((4 * MIB)) -l $((2 * MIB)) "$DEV"
zero_in one $((4 * MIB)) $((2 * MIB))
check "a discarded range reads zeroes, and the rest is unchanged" same one
check_equal "a discarded range frees as much space of the file" \
	$((used - 2048)) \
	"$(du -k "$IMAGE" | cut -f1)"
check "zeroes can be written that give space back" \
	blkop punch "$DEV" $((7 * MIB)) $((MIB / 2))
zero_in one $((7 * MIB)) $((MIB / 2))
check "a range of zeroes that gave space back reads zeroes" same one
check_equal "zeroes that give space back free as much space of the file" \
	$((used - 2048 - 512)) \
	"$(du -k "$IMAGE" | cut -f1)"

COUNT=1000
[ "$KERNEL" != debug ] || COUNT=500
check "four threads write and read what they wrote" \
	blkop stress -t 4 -n $COUNT "$DEV"

# --- the cache ---------------------------------------------------------------

CACHE=/sys/block/$DISK/queue/write_cache
check_equal "the disk has a write-back cache" "write back" "$(cat "$CACHE")"
check "the cache can be switched off" \
	put "write through" "/sys/block/$DISK/cache_type"
check_equal "the cache is off after it was switched off" \
	"write through" "$(cat "/sys/block/$DISK/cache_type")"
random_file one 4
check "data can be written while the cache is off" put_range one 0 $((4 * MIB))
check "data that was written while the cache is off reads back" same one
check "the cache can be switched on" \
	put "write back" "/sys/block/$DISK/cache_type"
check_equal "the cache is on after it was switched on" \
	"write back" "$(cat "/sys/block/$DISK/cache_type")"
check "the cache can be switched off a second time" \
	put "write through" "/sys/block/$DISK/cache_type"
vdev=$(virtio_of "$UUID")
put "$vdev" $VIRTIO_BLK/unbind
check "virtio-blk can be bound again while the cache is off" \
	put "$vdev" $VIRTIO_BLK/bind
wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "the cache is still off after virtio-blk was bound again" \
	"write through" \
	"$(cat "/sys/block/$DISK/cache_type")"
check "virtio_mdev can be bound again" rebind "$UUID" virtio_mdev
check "the disk exists after virtio_mdev was bound again" \
	wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "the cache is on after virtio_mdev was bound again" "write back" \
	"$(cat "/sys/block/$DISK/cache_type")"
check_equal "no request failed while the file was whole" \
	0 "$(vq_sum "$UUID" drops)"

# --- a file that is made shorter and taken away ------------------------------

check "the file can be made shorter while it is attached" \
	truncate -s $((2 * MIB)) "$IMAGE"
check "the rest of a file that was made shorter can be read" sh -c \
	"dd if=$DEV bs=64k count=32 iflag=direct 2>/dev/null | cmp - '$IMAGE'"
check_not "what was cut off the file cannot be read" \
	dd if="$DEV" of=/dev/null bs=64k skip=64 count=1 \
	iflag=direct
check_log "the log says that the backing file cannot be read" \
	"cannot read the backing file"
check "the read of what was cut off is counted as a failed request" \
	test "$(vq_sum "$UUID" drops)" -gt 0

vdev=$(virtio_of "$UUID")
check "virtio-blk can be unbound from the disk whose file was made shorter" \
	put "$vdev" $VIRTIO_BLK/unbind
check "the file of an unused disk can be taken away" put "" "$DIR/backing"
check_equal "a disk whose file was taken away has no size and no file" \
	"0 " "$(cat "$DIR/size") $(cat "$DIR/backing")"
check "another instance can have the file that was taken away" sh -c \
	"echo $OTHER >$(type_dir mvblk0-virtio '*-mvblk-file')/create &&
	 echo '$IMAGE' >$OTHER_DIR/backing"
check "the instance that got the file can be removed" remove_mdev "$OTHER"
check "the first instance can have its file again" put "$IMAGE" "$DIR/backing"
check "the file can be taken away from the first instance again" \
	put "" "$DIR/backing"
check "the first instance can have another file" put "/tmp/one" "$DIR/backing"
check "virtio-blk can be bound again with another file" \
	put "$vdev" $VIRTIO_BLK/bind
check "the disk exists after the file was replaced" wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "the disk has the size of the file that replaced the first" \
	$((4 * MIB)) "$(blk_size "$UUID")"
cp one two
check "the disk has the data of the file that replaced the first" same two
check "the instance whose file was replaced can be removed" remove_mdev "$UUID"
rm -f two empty

# --- a file from the start, by parameter -------------------------------------

rm "$IMAGE"
truncate -s 2M "/tmp/disk-$OTHER.img"
check "the parameter backing can be set" put '/tmp/disk-%u.img' \
	/sys/module/mvblk/parameters/backing
check "the parameter read_only can be set" put 1 \
	/sys/module/mvblk/parameters/read_only
blk_up file "$OTHER"
check_equal "a new disk has the file that the parameter names" \
	"/tmp/disk-$OTHER.img" "$(cat "$DIR/backing")"
check_equal "a new disk has the size of the file that the parameter names" \
	$((2 * MIB)) "$(blk_size "$OTHER")"
check_equal "a new disk is read only if the parameter says so" "1 1" \
	"$(cat "/sys/block/$DISK/ro" "$DIR/read_only" | xargs)"
check "a read-only disk can be read" all_zero 0 $((2 * MIB))
check_not "a read-only disk cannot be written" \
	dd if=/tmp/one of="$DEV" bs=4k count=1 oflag=direct
check_errno "a device whose file from the parameter does not exist is not created" \
	ENOENT \
	create_blk virtio file "$UUID"
put "" /sys/module/mvblk/parameters/backing
check "a second read-only disk can be created" \
	create_blk virtio file "$UUID"
check "a second read-only disk can share the file" put "/tmp/disk-$OTHER.img" \
	"$(instance "$UUID")/backing"
check "the first read-only disk can be removed" remove_mdev "$OTHER"
put 0 /sys/module/mvblk/parameters/read_only
check "a disk that writes can be created" create_blk virtio file "$OTHER"
check_errno "a disk that writes cannot have the file of a read-only disk" \
	EBUSY \
	put "/tmp/disk-$OTHER.img" "$OTHER_DIR/backing"
check "the second read-only disk can be removed" remove_mdev "$UUID"
check "a disk that writes can have a file that no disk reads" \
	put "/tmp/disk-$OTHER.img" "$OTHER_DIR/backing"
check "the disk that writes can be removed" remove_mdev "$OTHER"
blk_down

# --- a block device as a file ------------------------------------------------

check "mvblk can be loaded again, without indirect descriptors" \
	modprobe mvblk features_off=0x10000000 || exit 1
check "a disk in RAM can be set up as the lower disk" blk_up ram64m "$OTHER"
blk_vars "$OTHER"
check_equal "a request may have 254 segments without indirect descriptors" 254 \
	"$(cat "/sys/block/$DISK/queue/max_segments")"
lower=$DEV
check "a disk in a file can be created as the upper disk" \
	create_blk virtio file "$UUID"
modprobe ext4
check "a file system can be made on the lower disk" mke2fs "$lower"
mkdir -p /tmp/mnt
check "the file system on the lower disk can be mounted" \
	mount -t ext4 "$lower" /tmp/mnt
check_errno "a disk that is mounted is refused as backing" EBUSY \
	put "$lower" "$(instance "$UUID")/backing"
# the debug kernel has no swap
if [ -e /proc/swaps ]; then
	dd if=/dev/zero of=/tmp/mnt/swap bs=1M count=4 2>/dev/null
	chmod 600 /tmp/mnt/swap
	check "a swap file can be made on the lower disk" mkswap /tmp/mnt/swap
	check "the swap file can be swapped to" swapon /tmp/mnt/swap
	check_errno "a file that is swapped to is refused as backing" EBUSY \
		put /tmp/mnt/swap "$(instance "$UUID")/backing"
	check_log "the log says that the file is swap" "/tmp/mnt/swap is in use as swap"
	check "swapping to the file can be ended" swapoff /tmp/mnt/swap
	check "a device for the swap file can be created" \
		create_blk virtio file "$THIRD"
	check "the file can be attached before it is swapped to" \
		put /tmp/mnt/swap "$(instance "$THIRD")/backing"
	check "the device of the swap file has its size" \
		wait_for 10 size_is "$THIRD" $((4 * MIB))
	swapped=/dev/$(disk_of "$THIRD")
	check "an attached file can be swapped to" swapon /tmp/mnt/swap
	check_not "an attached file that is swapped to cannot be read" \
		dd if="$swapped" of=/dev/null bs=4k count=1 iflag=direct
	check_not "an attached file that is swapped to cannot be written" \
		dd if=/tmp/one of="$swapped" bs=4k count=1 oflag=direct
	check "swapping to the attached file can be ended" swapoff /tmp/mnt/swap
	check "an attached file can be read after swapping has ended" \
		dd if="$swapped" of=/dev/null bs=4k count=1 iflag=direct
	check "the device of the swap file can be removed" remove_mdev "$THIRD"
fi
check "the file system on the lower disk can be unmounted" umount /tmp/mnt
check "the lower disk can be discarded" blkdiscard "$lower"
check "the upper disk can have the lower one as its file" \
	put "$lower" "$(instance "$UUID")/backing"
check "a third disk can be created" create_blk virtio file "$THIRD"
check_errno "a lower disk in use is refused by the third disk" EBUSY \
	put "$lower" "$(instance "$THIRD")/backing"
check "the third disk can be removed" remove_mdev "$THIRD"
check_errno "the lower disk cannot be mounted while the upper one uses it" \
	EBUSY \
	sh -c "mount -t ext4 $lower /tmp/mnt || exit 1"
check "the upper disk has the size of the lower one" \
	wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
check "data can be written to the upper disk" put_range one 0 $((4 * MIB))
check "the data on the upper disk reads back" same one
check "the data on the upper disk is in the lower one" \
	sh -c "sync; head -c $((4 * MIB)) $lower | cmp - one"
check "zeroes can be written to the upper disk" blkop zero "$DEV" 4096 $MIB
zero_in one 4096 $MIB
check "a range of the upper disk can be discarded" \
	blkdiscard -o $((2 * MIB)) -l $MIB "$DEV"
zero_in one $((2 * MIB)) $MIB
check "the zeroed and the discarded range of the upper disk read zeroes" \
	same one
check "the lower disk gave memory back for the discarded range" \
	wait_for 10 sh -c \
	"[ \$(cat $OTHER_DIR/allocated) -lt $((4 * MIB)) ]"
check "the upper disk can be removed" remove_mdev "$UUID"
check "the lower disk can be mounted after the upper one was removed" sh -c \
	"mke2fs $lower && mount -t ext4 $lower /tmp/mnt && umount /tmp/mnt"
check "the lower disk can be removed" remove_mdev "$OTHER"
rm -f one
blk_down
