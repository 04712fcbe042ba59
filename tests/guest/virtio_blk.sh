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

# All of a small device is written, given back and written again at once, before
# the pages that were given back are free.
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

# --- what it says of itself --------------------------------------------------

check_equal "it is a block device" 2 "$(cat "$DIR/virtio_device_id")"
check_equal "it has the size of its type" $((64 * MIB)) "$(blk_size "$UUID")"
check_equal "its size is in sysfs" $((64 * MIB)) "$(cat "$DIR/size")"
check_equal "its serial number is of the UUID" \
	"$(echo "$UUID" | tr -d - | cut -c1-20)" "$(cat "/sys/block/$DISK/serial")"
check_equal "the serial number is in sysfs" "$(cat "/sys/block/$DISK/serial")" \
	"$(cat "$DIR/serial")"
check "it can be changed" put "disk-of-the-test" "$DIR/serial"
check_equal "and is what the driver gets" "disk-of-the-test" \
	"$(cat "/sys/block/$DISK/serial")"
check "20 characters fit" put 12345678901234567890 "$DIR/serial"
check_equal "to the last" 12345678901234567890 "$(cat "/sys/block/$DISK/serial")"
check_errno "21 do not" EINVAL put 123456789012345678901 "$DIR/serial"
check_errno "nor do blanks" EINVAL put "a b" "$DIR/serial"
check_equal "logical block size" 512 "$(cat "$QUEUE/logical_block_size")"
check_equal "physical block size" 4096 "$(cat "$QUEUE/physical_block_size")"
check_equal "segments of a request" 254 "$(cat "$QUEUE/max_segments")"
check_equal "it has a cache to flush" "write back" "$(cat "$QUEUE/write_cache")"
check_equal "ranges can be discarded" $((1024 * MIB)) \
	"$(cat "$QUEUE/discard_max_hw_bytes")"
check_equal "zeroes can be written" $((32 * MIB)) \
	"$(cat "$QUEUE/write_zeroes_max_bytes")"
check_equal "the driver uses both queues" 2 "$(count "/sys/block/$DISK/mq"/*)"
check_equal "it can be written to" "0 0" \
	"$(cat "/sys/block/$DISK/ro" "$DIR/read_only" | xargs)"

# --- data --------------------------------------------------------------------

check "it is empty" all_zero 0 $((4 * MIB))
check_equal "reading takes no memory" 0 "$(cat "$DIR/allocated")"

random_file one 8
check "8 MiB can be written" put_range one 0 $((8 * MIB))
check "and read back, byte for byte" same one
check_equal "they take as much memory" $((8 * MIB)) "$(cat "$DIR/allocated")"
check "other ones can be written over them" sh -c \
	'dd if=/dev/urandom of=one bs=512 seek=1001 count=777 conv=notrunc 2>/dev/null'
check "at odd places" put_range one $((1001 * 512)) $((777 * 512))
check "and read back" same one
check "without a cache in between" sh -c \
	"dd if=one of=$DEV bs=64k oflag=direct 2>/dev/null &&
	 dd if=$DEV bs=1M count=8 iflag=direct 2>/dev/null | cmp - one"

flushes=$(vq_sum "$UUID" chains)
check "a flush comes back" sync "$DEV"
check "it was a request" test "$(vq_sum "$UUID" chains)" -gt "$flushes"

# --- discard and zeroes ------------------------------------------------------

check "a range can be discarded" blkdiscard -o $((2 * MIB)) -l $MIB "$DEV"
zero_in one $((2 * MIB)) $MIB
check "it reads zeroes, and the rest is as it was" same one
check "its memory came back" wait_for 10 allocated_is $((7 * MIB))
check "zeroes can be written" blkop zero "$DEV" $((4 * MIB + 512)) $((MIB / 2))
zero_in one $((4 * MIB + 512)) $((MIB / 2))
check "they are there, and nothing else" same one
check_equal "they take memory" $((7 * MIB)) "$(cat "$DIR/allocated")"
check "zeroes can give memory back" blkop punch "$DEV" $((6 * MIB + 1024)) $MIB
zero_in one $((6 * MIB + 1024)) $MIB
check "they are there, too" same one
# except the two pages that they do not fill
check "the memory came back" wait_for 10 allocated_is $((6 * MIB + 4096))
check "the whole device can be discarded" blkdiscard "$DEV"
check "nothing is left" wait_for 10 allocated_is 0
check "it is empty" all_zero 0 $((8 * MIB))
check_equal "no request failed" 0 "$(vq_sum "$UUID" drops)"

# --- several queues ----------------------------------------------------------

COUNT=1500
[ "$KERNEL" != debug ] || COUNT=500
before0=$(cat "$DIR/vq0/chains")
before1=$(cat "$DIR/vq1/chains")
check "four threads write and read what they wrote" \
	blkop stress -t 4 -n $COUNT "$DEV"
check "the first queue had a share" \
	test $(($(cat "$DIR/vq0/chains") - before0)) -gt $COUNT
check "so had the second" \
	test $(($(cat "$DIR/vq1/chains") - before1)) -gt $COUNT

# --- a file system -----------------------------------------------------------

if modprobe ext4 && mke2fs "$DEV" >/dev/null 2>&1; then
	mkdir -p /tmp/mnt
	check "a file system can be mounted" mount -t ext4 -o discard "$DEV" /tmp/mnt
	random_file file 16
	check "a file can be written" cp file /tmp/mnt/file
	check "and the file system unmounted" umount /tmp/mnt
	drop_caches
	check "and mounted again" mount -t ext4 "$DEV" /tmp/mnt
	check "the file is what it was" cmp file /tmp/mnt/file
	check "and unmounted" umount /tmp/mnt
	rm file
else
	fail "there is a file system to test with"
fi

# --- size --------------------------------------------------------------------

check "it can be made larger" put 128M "$DIR/size"
check "the driver sees it" wait_for 10 size_is "$UUID" $((128 * MIB))
check "its last sector can be written" sh -c \
	"dd if=/tmp/one of=$DEV bs=512 seek=$((128 * 2048 - 1)) count=1 oflag=direct 2>/dev/null"
check_errno "it cannot be made smaller while it is in use" EBUSY \
	put 32M "$DIR/size"
check_errno "half a sector is no size" EINVAL put 33554688 "$DIR/size"
check_errno "nor is 0" EINVAL put 0 "$DIR/size"
check_errno "nor is a word" EINVAL put all "$DIR/size"
check_errno "nor is what no memory can hold" ENOSPC put 1024T "$DIR/size"
check_log "the log says so" "not enough RAM"
put $((8 * 1024 * 1024)) /sys/module/mvblk/parameters/ram_limit
check_errno "a size of 1 TiB is refused, whatever may be used" EFBIG \
	put 1T "$DIR/size"
check_log "the log says that 1 TiB is too large" "too large: a device in RAM"
put 0 /sys/module/mvblk/parameters/ram_limit
check_equal "the size is what it was" $((128 * MIB)) "$(cat "$DIR/size")"
vdev=$(virtio_of "$UUID")
check "the driver can be unbound" put "$vdev" $VIRTIO_BLK/unbind
check "then it can be made smaller" put 1M "$DIR/size"
check "and larger again" put 4M "$DIR/size"
check "the driver can be bound again" put "$vdev" $VIRTIO_BLK/bind
check "and is there again" wait_for 10 blk_vars "$UUID"
blk_vars "$UUID"
check_equal "it has the new size" $((4 * MIB)) "$(blk_size "$UUID")"
check "what was cut off reads zeroes" all_zero $MIB $((3 * MIB))
check "a full device can be discarded and filled again at once" refill
check_equal "no request failed in the end" 0 "$(vq_sum "$UUID" drops)"
rm -f one four

check "it can be removed" remove_mdev "$UUID"
blk_down
