#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 120
#
# mvblk on a block device that fails: the driver gets the error of each request that
# failed and of no other, and the disk works again when the device does.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
UUID=$(new_uuid)
MIB=$((1024 * 1024))
BAD=65536	# the first sector of those that fail
END=131072

lower_up
modprobe dm-flakey
check "a disk of 64 MiB in memory can be made" null_up low 64 || exit 1
LOW=$(null_dev low)

# bad_sectors FIRST COUNT: a table in which these fail
bad_sectors()
{
	echo "0 $1 linear $LOW 0"
	echo "$1 $2 error"
	_rest=$(($1 + $2))
	[ $_rest = $END ] || echo "$_rest $((END - _rest)) linear $LOW $_rest"
}

faults_up()
{
	bad_sectors $BAD 8 | dm_up faults
}

# fail_from SECTOR: all from there on
fail_from()
{
	bad_sectors "$1" $((END - $1)) | dm_change faults
}

fail_writes()
{
	echo "0 $END flakey $LOW 0 0 1000000 1 error_writes" | dm_change faults
}

heal()
{
	linear "$LOW" | dm_change faults
}

random_file data 4
check "mvblk can be loaded" modprobe mvblk || exit 1
check "a device with eight bad sectors can be made" faults_up || exit 1
blk_up file "$UUID" || exit 1
check "a disk can lie on the device with bad sectors" \
	put "$(dm_dev faults)" "$DIR/backing" || exit 1
check "the driver sees the size of the device" \
	wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"

# --- some sectors fail ---------------------------------------------------------

check "the sectors before the bad ones can be written" \
	direct_write "$DEV" $((BAD - 8)) 8 data
check "the sectors after the bad ones can be written" \
	direct_write "$DEV" $((BAD + 8)) 8 data
check_errno "a read of bad sectors fails with EIO" EIO \
	direct_read "$DEV" $BAD 8
check_errno "a write of bad sectors fails with EIO" EIO \
	direct_write "$DEV" $BAD 8 data
check_errno "a read of good and bad sectors fails with EIO" EIO \
	dd if="$DEV" of=/dev/null bs=8k skip=$((BAD / 16)) count=1 iflag=direct
# drops_reach COUNT
drops_reach()
{
	[ "$(vq_sum "$UUID" drops)" -ge "$1" ]
}
check "requests that failed are counted" wait_for 10 drops_reach 3
check "the sectors before the bad ones read back" \
	reads_back "$DEV" $((BAD - 8)) 8 data
check "the sectors after the bad ones read back" \
	reads_back "$DEV" $((BAD + 8)) 8 data
check_equal "the instance runs after requests that failed" \
	running "$(state_of "$UUID")"

# read_bad: until it is killed
read_bad()
{
	while :; do
		! direct_read "$DEV" $BAD 8 2>/dev/null || echo "a bad read succeeded"
	done
}
read_bad >bad.out &
reader=$!
check "two threads write and read good sectors while bad ones are read" \
	blkop stress -t 2 -n 300 "$DEV"
kill $reader
wait $reader 2>/dev/null
check_equal "no read of bad sectors succeeded meanwhile" "" "$(cat bad.out)"
check "the bad sectors can be healed" heal
check "sectors that were bad can be written" \
	direct_write "$DEV" $BAD 8 data
check "sectors that were bad read back" reads_back "$DEV" $BAD 8 data

# --- writes fail ---------------------------------------------------------------

check "the device can be made to fail writes" fail_writes
check_errno "a write fails with EIO while the device fails writes" EIO \
	direct_write "$DEV" 0 8 data
check "reads succeed while the device fails writes" \
	reads_back "$DEV" $BAD 8 data
check "the device can be made to take writes again" heal
check "a write succeeds after the device was healed" \
	direct_write "$DEV" 0 8192 data
check "what was written after the device was healed reads back" \
	reads_back "$DEV" 0 8192 data

# --- everything fails ----------------------------------------------------------

check "the device can be made to fail from its first sector on" fail_from 1
check_errno "a read fails with EIO while everything fails" EIO \
	direct_read "$DEV" 8 8
check_errno "a write fails with EIO while everything fails" EIO \
	direct_write "$DEV" 8 8 data
check "the device can be healed at the end" heal
check "the disk has its data after everything failed" \
	reads_back "$DEV" 0 8192 data
check "the disk can be removed" remove_mdev "$UUID"

# --- a program drives it -------------------------------------------------------

modprobe vfio_iommu_type1
check "a disk of class VHOST can be created" create_blk vhost file "$UUID"
check "a disk of class VHOST can lie on the device" \
	put "$(dm_dev faults)" "$DIR/backing"
check "a program writes and reads all kinds of data" user-blk "$UUID" data
check "the device can be made to fail from the ninth sector on" fail_from 8
check "a program's reads that fail report no written bytes" \
	user-blk "$UUID" short
check "the device can be healed for the program" heal
check "a program writes and reads after the device was healed" \
	user-blk "$UUID" config
check_equal "a disk on a device leaves no page pinned" 0 "$(pinned_pages)"
check "the disk of class VHOST can be removed" remove_mdev "$UUID"
check "the device is free after its disk was removed" dm_down faults
blk_down
null_down low
rm -f data bad.out
