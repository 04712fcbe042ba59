#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
# timeout: 300
#
# mvblk's device in RAM, driven by the kernel's virtio-blk.
. /tests/lib.sh
. /tests/lib-blk.sh

UUID=$(new_uuid)
MIB=$((1024 * 1024))
cd /tmp || exit 1

# allocated_is BYTES
allocated_is()
{
	[ "$(cat "$DIR/allocated")" = "$1" ]
}

# refill: write all of a small device, discard it and write it again at once, before
# the pages that were discarded are free
refill()
{
	for _ in 1 2 3 4 5; do
		dd if=one of="$DEV" bs=1M count=4 oflag=direct 2>/dev/null &&
			[ "$(cat "$DIR/allocated")" -le $((4 * MIB + 8192)) ] &&
			blkdiscard "$DEV" || return 1
	done
	put_range one 0 $((4 * MIB)) && head -c $((4 * MIB)) one >four && same four
}

check "mvblk can be loaded" modprobe mvblk queues=2 || exit 1
blk_up ram64m "$UUID" || exit 1
QUEUE=/sys/block/$DISK/queue

# --- identity and limits -----------------------------------------------------

check_equal "an instance of mvblk is a block device" \
	2 "$(cat "$DIR/virtio_device_id")"
check_equal "the disk has the size of its type" \
	$((64 * MIB)) "$(blk_size "$UUID")"
check_equal "the size of the instance in sysfs is that of its type" \
	$((64 * MIB)) "$(cat "$DIR/size")"
check_equal "the serial number is derived from the UUID" \
	"$(echo "$UUID" | tr -d - | cut -c1-20)" "$(cat "/sys/block/$DISK/serial")"
check_equal "the serial number of the instance in sysfs is that of the disk" \
	"$(cat "/sys/block/$DISK/serial")" \
	"$(cat "$DIR/serial")"
check "the serial number can be changed" put "disk-of-the-test" "$DIR/serial"
check_equal "the driver gets the serial number that was set" \
	"disk-of-the-test" \
	"$(cat "/sys/block/$DISK/serial")"
check "a serial number of 20 characters can be set" \
	put 12345678901234567890 "$DIR/serial"
check_equal "the driver gets all 20 characters of the serial number" \
	12345678901234567890 "$(cat "/sys/block/$DISK/serial")"
check_errno "a serial number of 21 characters is refused" \
	EINVAL put 123456789012345678901 "$DIR/serial"
check_errno "a serial number with a blank is refused" \
	EINVAL put "a b" "$DIR/serial"
check_equal "the logical block size is 512" \
	512 "$(cat "$QUEUE/logical_block_size")"
check_equal "the physical block size is 4096" \
	4096 "$(cat "$QUEUE/physical_block_size")"
check_equal "a request may have 254 segments" 254 "$(cat "$QUEUE/max_segments")"
check_equal "the disk has a write-back cache" \
	"write back" "$(cat "$QUEUE/write_cache")"
check_equal "up to 1 GiB can be discarded in a request" $((1024 * MIB)) \
	"$(cat "$QUEUE/discard_max_hw_bytes")"
check_equal "up to 32 MiB of zeroes can be written in a request" $((32 * MIB)) \
	"$(cat "$QUEUE/write_zeroes_max_bytes")"
check_equal "the driver uses both queues" 2 "$(count "/sys/block/$DISK/mq"/*)"
check_equal "the disk and the instance are not read only" "0 0" \
	"$(cat "/sys/block/$DISK/ro" "$DIR/read_only" | xargs)"

# --- data --------------------------------------------------------------------

check "a new disk in RAM reads zeroes" all_zero 0 $((4 * MIB))
check_equal "reading a new disk in RAM allocates no memory" \
	0 "$(cat "$DIR/allocated")"

random_file one 8
check "8 MiB can be written" put_range one 0 $((8 * MIB))
check "the 8 MiB that were written read back byte for byte" same one
check_equal "the 8 MiB that were written take 8 MiB of memory" \
	$((8 * MIB)) "$(cat "$DIR/allocated")"
check "other data for a range at an odd place can be made" sh -c \
	'dd if=/dev/urandom of=one bs=512 seek=1001 count=777 conv=notrunc 2>/dev/null'
check "a range at an odd place can be written again" \
	put_range one $((1001 * 512)) $((777 * 512))
check "the range at an odd place reads back" same one
check "data reads back with direct I/O" sh -c \
	"dd if=one of=$DEV bs=64k oflag=direct 2>/dev/null &&
	 dd if=$DEV bs=1M count=8 iflag=direct 2>/dev/null | cmp - one"

flushes=$(vq_sum "$UUID" chains)
check "a flush completes" sync "$DEV"
check "a flush reaches the device as a request" \
	test "$(vq_sum "$UUID" chains)" -gt "$flushes"

# --- discard and zeroes ------------------------------------------------------

check "a range can be discarded" blkdiscard -o $((2 * MIB)) -l $MIB "$DEV"
zero_in one $((2 * MIB)) $MIB
check "a discarded range reads zeroes, and the rest is unchanged" same one
check "a discarded range gives its memory back" \
	wait_for 10 allocated_is $((7 * MIB))
check "zeroes can be written to a range at an odd place" \
	blkop zero "$DEV" $((4 * MIB + 512)) $((MIB / 2))
zero_in one $((4 * MIB + 512)) $((MIB / 2))
check "the written range reads zeroes, and the rest is unchanged" same one
check_equal "written zeroes take memory" $((7 * MIB)) "$(cat "$DIR/allocated")"
check "zeroes can be written that give memory back" \
	blkop punch "$DEV" $((6 * MIB + 1024)) $MIB
zero_in one $((6 * MIB + 1024)) $MIB
check "a range of zeroes that gave memory back reads zeroes" same one
# except the two pages that the zeroes do not fill
check "zeroes that give memory back free all pages that they fill" \
	wait_for 10 allocated_is $((6 * MIB + 4096))
check "the whole device can be discarded" blkdiscard "$DEV"
check "discarding the whole device frees all memory" wait_for 10 allocated_is 0
check "a device that was discarded reads zeroes" all_zero 0 $((8 * MIB))
check_equal "no request failed before the device is used with several queues" \
	0 "$(vq_sum "$UUID" drops)"

# --- several queues ----------------------------------------------------------

COUNT=1500
[ "$KERNEL" != debug ] || COUNT=500
before0=$(cat "$DIR/vq0/chains")
before1=$(cat "$DIR/vq1/chains")
check "four threads write and read what they wrote" \
	blkop stress -t 4 -n $COUNT "$DEV"
check "the first queue served requests of the four threads" \
	test $(($(cat "$DIR/vq0/chains") - before0)) -gt $COUNT
check "the second queue served requests of the four threads" \
	test $(($(cat "$DIR/vq1/chains") - before1)) -gt $COUNT

# --- a file system -----------------------------------------------------------

if modprobe ext4 && mke2fs "$DEV" >/dev/null 2>&1; then
	mkdir -p /tmp/mnt
	check "a file system can be mounted" mount -t ext4 -o discard "$DEV" /tmp/mnt
	random_file file 16
	check "a file can be written to the file system" cp file /tmp/mnt/file
	check "the file system can be unmounted after a file was written" \
		umount /tmp/mnt
	drop_caches
	check "the file system can be mounted again" \
		mount -t ext4 "$DEV" /tmp/mnt
	check "the file on the file system is unchanged after it was mounted again" \
		cmp file /tmp/mnt/file
	check "the file system can be unmounted again" umount /tmp/mnt
	rm file
else
	fail "there is a file system to test with"
fi

# --- size --------------------------------------------------------------------

check "a disk in use can be made larger" put 128M "$DIR/size"
check "the driver sees the larger size" \
	wait_for 10 size_is "$UUID" $((128 * MIB))
check "the last sector of the larger disk can be written" sh -c \
	"dd if=/tmp/one of=$DEV bs=512 seek=$((128 * 2048 - 1)) count=1 oflag=direct 2>/dev/null"
check_errno "a disk in use cannot be made smaller" EBUSY \
	put 32M "$DIR/size"
check_errno "a size that ends in half a sector is refused" \
	EINVAL put 33554688 "$DIR/size"
check_errno "size 0 is refused" EINVAL put 0 "$DIR/size"
check_errno "a word is refused as a size" EINVAL put all "$DIR/size"
check_errno "a size that exceeds the RAM is refused" \
	ENOSPC put 1024T "$DIR/size"
check_log "the log says that there is not enough RAM" "not enough RAM"
put $((8 * 1024 * 1024)) /sys/module/mvblk/parameters/ram_limit
check_errno "a size of 1 TiB is refused even if the RAM limit allows it" EFBIG \
	put 1T "$DIR/size"
check_log "the log says that 1 TiB is too large" "too large: a device in RAM"
put 0 /sys/module/mvblk/parameters/ram_limit
check_equal "refused sizes leave the size unchanged" \
	$((128 * MIB)) "$(cat "$DIR/size")"
vdev=$(virtio_of "$UUID")
check "virtio-blk can be unbound" put "$vdev" $VIRTIO_BLK/unbind
check "an unused disk can be made smaller" put 1M "$DIR/size"
check "an unused disk can be made larger" put 4M "$DIR/size"
check "virtio-blk can be bound again" put "$vdev" $VIRTIO_BLK/bind
check "the disk exists after virtio-blk was bound again" \
	wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "the disk has the size that was set while it was unused" \
	$((4 * MIB)) "$(blk_size "$UUID")"
check "the range that was cut off and added again reads zeroes" \
	all_zero $MIB $((3 * MIB))
check "a full device can be discarded and filled again at once" refill
check_equal "no request failed until the end" 0 "$(vq_sum "$UUID" drops)"
rm -f one four

check "the instance can be removed" remove_mdev "$UUID"
blk_down
