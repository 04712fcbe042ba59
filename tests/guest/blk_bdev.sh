#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 180
#
# mvblk on a block device: many requests at once, past the page cache of the device.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
UUID=$(new_uuid)
MIB=$((1024 * 1024))

# stat_of UUID NUMBER: of those in its attribute stat
stat_of()
{
	cut -d ' ' -f "$2" "$INSTANCES/$1/stat"
}

# stat_reaches UUID NUMBER VALUE, stat_is UUID NUMBER VALUE: a request that the driver has
# back may be counted a moment later, and the driver may read ahead
stat_reaches()
{
	[ "$(stat_of "$1" "$2")" -ge "$3" ]
}

stat_is()
{
	[ "$(stat_of "$1" "$2")" = "$3" ]
}

# lower_has FILE: the device has at its beginning what the file has
lower_has()
{
	blockdev --flushbufs "$LOW"
	head -c "$(wc -c <"$1")" "$LOW" | cmp - "$1"
}

lower_up
check "a disk of 64 MiB in memory can be made" null_up low 64 || exit 1
LOW=$(null_dev low)
check "mvblk can be loaded" modprobe mvblk || exit 1

# --- what is accepted ----------------------------------------------------------

blk_up bdev "$UUID" || exit 1
truncate -s 1M /tmp/plain
check_errno "a file is refused by a disk that wants a block device" EINVAL \
	put /tmp/plain "$DIR/backing"
check_log "the log says which type takes a file" "use the type mvblk-file"
check "a disk can lie on a block device" put "$LOW" "$DIR/backing" || exit 1
check "the driver sees the size of the block device" \
	wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
if [ -d /sys/kernel/config/nullb ] && null_up zoned 64 zoned=1 zone_size=8; then
	ZONED=$(new_uuid)
	create_blk virtio bdev "$ZONED"
	check_errno "a zoned device is refused" EINVAL \
		put "$(null_dev zoned)" "$INSTANCES/$ZONED/backing"
	check_log "the log says that the device is zoned" "is a zoned device"
	remove_mdev "$ZONED"
	null_down zoned
fi

# --- data ----------------------------------------------------------------------

random_file one 8
check "8 MiB can be written" put_range one 0 $((8 * MIB))
check "the 8 MiB that were written read back" same one
check "the 8 MiB that were written are on the block device" lower_has one
check "statistics count what was written" \
	wait_for 10 stat_reaches "$UUID" 7 $((8 * MIB / 512))
check "statistics count what was read" \
	wait_for 10 stat_reaches "$UUID" 3 $((8 * MIB / 512))
check "no request is in progress when nobody waits for one" \
	wait_for 10 stat_is "$UUID" 9 0
check "zeroes can be written" blkop zero "$DEV" $((MIB + 512)) $MIB
zero_in one $((MIB + 512)) $MIB
check "the written range reads zeroes, and the rest is unchanged" same one
check "a range can be discarded" blkdiscard -o $((4 * MIB)) -l $((2 * MIB)) "$DEV"
zero_in one $((4 * MIB)) $((2 * MIB))
check "a discarded range reads zeroes, and the rest is unchanged" same one
check "four threads write and read what they wrote" \
	blkop stress -t 4 -n 1000 "$DEV"
# what the host reads before is in its page cache
random_file two 4
head -c $((4 * MIB)) "$LOW" >/dev/null
check "4 MiB can be written beside a reader of the block device" \
	put_range two 0 $((4 * MIB))
check "a host that has read the device before reads what was written" \
	sh -c "head -c $((4 * MIB)) $LOW | cmp - two"
random_file two 4
dd if=two of="$LOW" bs=64k conv=notrunc 2>/dev/null
check "the driver reads what the host has written" same two
check "the cache can be switched off" \
	put "write through" "/sys/block/$DISK/cache_type"
check "data can be written while the cache is off" put_range two 0 $((4 * MIB))
check "data that was written while the cache is off reads back" same two
check_equal "no request failed" 0 "$(vq_sum "$UUID" drops)"
check "the disk can be removed" remove_mdev "$UUID"

# --- a program -----------------------------------------------------------------

modprobe vfio_iommu_type1
check "a disk of class VHOST can be created" create_blk vhost bdev "$UUID"
check "a disk of class VHOST can lie on a block device" \
	put "$LOW" "$INSTANCES/$UUID/backing"
check "a program reads the configuration" user-blk "$UUID" config
check "a program writes and reads all kinds of data" \
	user-blk "$UUID" data /tmp/dump
check "the data that was written is on the block device" lower_has /tmp/dump
check "data that cannot be pinned is served" user-blk "$UUID" memlock
check "requests that break the rules are refused" user-blk "$UUID" neg
check "the cache can be switched off and on" user-blk "$UUID" wce
check_equal "no page stays pinned" 0 "$(pinned_pages)"
check "the disk of class VHOST can be removed" remove_mdev "$UUID"
check "a disk that may be given back in order can be created" \
	create_blk vhost file "$UUID"
check "a disk of type file can lie on the block device, too" \
	put "$LOW" "$INSTANCES/$UUID/backing"
check "requests are given back in order if that was negotiated" \
	user-blk "$UUID" data
check "the disk that gives back in order can be removed" remove_mdev "$UUID"

# --- sectors that fail, and a device that vanishes -----------------------------

null_down low
check "a disk with bad sectors can be made" \
	null_up bad 64 badblocks=+4096-4103 || exit 1
LOW=$(null_dev bad)
blk_up bdev "$UUID" || exit 1
check "a disk can lie on the one with bad sectors" put "$LOW" "$DIR/backing"
wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
check_errno "a read of a bad sector fails" EIO direct_read "$DEV" 4096 8
check "a read of the sectors before it succeeds" direct_read "$DEV" 4088 8
check_log "the log says which sector cannot be read" \
	"cannot read $LOW at byte 2097152"
begin stress sh -c "exec blkop stress -e -t 4 $DEV >stress.out 2>&1"
check "four threads load the disk" under_load "$UUID"
check "the device can be taken out under load" \
	timeout 60 sh -c "echo 0 >$NULLS/bad/power"
check "all requests end after the device is gone" wait_for 30 ended stress
check "the driver sees a disk without sectors" \
	wait_for 10 size_is "$UUID" 0
check_log "the log says that the device is gone" "$LOW is gone"
check "the disk can be removed after its device is gone" remove_mdev "$UUID"
blk_down
rmdir $NULLS/bad
rm -f one two plain dump stress.out rc.*
