#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 120
#
# mvblk on a block device whose size changes while a driver uses the disk.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
UUID=$(new_uuid)
MIB=$((1024 * 1024))

lower_up
modprobe loop
check "a disk of 64 MiB in memory can be made" null_up low 64 || exit 1
LOW=$(null_dev low)
random_file data 4

# nothing_at SECTOR: the disk ends before it
nothing_at()
{
	[ "$(dd if="$DEV" bs=4k skip=$(($1 / 8)) count=1 iflag=direct \
		2>/dev/null | wc -c)" = 0 ]
}

# resize MIB
resize()
{
	linear "$LOW" $(($1 * 2048)) | dm_change part
}

part_up()
{
	linear "$LOW" $((16 * 2048)) | dm_up part
}

check "mvblk can be loaded" modprobe mvblk || exit 1
check "a device of 16 MiB can be made" part_up || exit 1
blk_up file "$UUID" || exit 1
check "a disk can lie on the device of 16 MiB" \
	put "$(dm_dev part)" "$DIR/backing" || exit 1
check "the driver sees 16 MiB" wait_for 10 size_is "$UUID" $((16 * MIB))
blk_vars "$UUID"
check "what is beyond the end of the device cannot be read" \
	nothing_at $((32 * 2048))

check "the device can be made larger under the disk" resize 48
check "the driver sees the larger device" \
	wait_for 30 size_is "$UUID" $((48 * MIB))
check_equal "the attribute size has the larger device's" \
	$((48 * MIB)) "$(cat "$DIR/size")"
check "what was added to the device can be written" \
	direct_write "$DEV" $((40 * 2048)) 8192 data
check "what was added to the device reads back" \
	reads_back "$DEV" $((40 * 2048)) 8192 data

check "the device can be made smaller under the disk" resize 32
check "the driver sees the smaller device" \
	wait_for 30 size_is "$UUID" $((32 * MIB))
check "what was taken from the device cannot be read" \
	nothing_at $((40 * 2048))
check "what remains of the device can be written" \
	direct_write "$DEV" $((16 * 2048)) 8192 data
check "what remains of the device reads back" \
	reads_back "$DEV" $((16 * 2048)) 8192 data
check_equal "no request broke the disk" running "$(state_of "$UUID")"
check "the disk can be removed" remove_mdev "$UUID"
check "the device can be removed after its disk" dm_down part

# --- a loop device -------------------------------------------------------------

truncate -s 8M image
loop=$(losetup -f)
check "a loop device of 8 MiB can be set up" losetup "$loop" image
blk_up file "$UUID" || exit 1
check "a disk can lie on the loop device" put "$loop" "$DIR/backing"
check "the driver sees 8 MiB" wait_for 10 size_is "$UUID" $((8 * MIB))
truncate -s 24M image
check "the loop device can be told that its file is larger" losetup -c "$loop"
check "the driver sees the larger loop device" \
	wait_for 30 size_is "$UUID" $((24 * MIB))
check "the disk on the loop device can be removed" remove_mdev "$UUID"
check "the loop device can be taken down" losetup -d "$loop"
blk_down
null_down low
rm -f data image
