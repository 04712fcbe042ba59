#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 180
#
# mvblk on a block device that does not answer: whoever uses that disk waits, nobody
# else does, and all is served when the device answers again.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
UUID=$(new_uuid)
OTHER=$(new_uuid)
MIB=$((1024 * 1024))

lower_up
check "a disk in memory can be made" null_up low 64 || exit 1
check "another disk in memory can be made" null_up other 64 || exit 1
LOW=$(null_dev low)
hung_up()
{
	linear "$LOW" | dm_up hung
}
random_file data 4

# gone PID: it does not run any more
gone()
{
	! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"
}

# ends PID: or where its threads are
ends()
{
	wait_for 60 gone "$1" && return
	cat "/proc/$1/task"/*/stack
	return 1
}

check "a device that can be made to hang is there" hung_up || exit 1
check "mvblk can be loaded" modprobe mvblk || exit 1
blk_up file "$OTHER" || exit 1
check "a disk can lie on the other device" \
	put "$(null_dev other)" "$DIR/backing" || exit 1
check "the driver sees the other device" \
	wait_for 10 size_is "$OTHER" $((64 * MIB))
OTHER_DEV=$DEV
blk_up file "$UUID" || exit 1
check "a disk can lie on the device that will hang" \
	put "$(dm_dev hung)" "$DIR/backing" || exit 1
check "the driver sees the device that will hang" \
	wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"

# --- a kernel driver -----------------------------------------------------------

check "the disk can be written before its device hangs" \
	direct_write "$DEV" 0 8192 data
check "the device can be made to hang" dm_hold hung
begin reader reads_back "$DEV" 0 8192 data
begin writer direct_write "$DEV" 65536 8192 data
begin flusher sync "$DEV"
check "another disk works while one hangs" \
	blkop stress -t 2 -n 200 "$OTHER_DEV"
# until they may be waiting: there is nothing to see of it
sleep 2
check_not "a read of the disk that hangs waits" ended reader
check_not "a write of the disk that hangs waits" ended writer
check "attributes of the disk that hangs can be read" \
	timeout 10 cat "$DIR/backing" "$DIR/size"
check "the device can be made to answer" dm_go_on hung
check "all requests end after the device answers" \
	wait_for 30 ended reader writer flusher
check_equal "the read that waited has the data" 0 "$(result reader)"
check_equal "the write that waited succeeded" 0 "$(result writer)"
check_equal "the flush that waited succeeded" 0 "$(result flusher)"
check "the write that waited reads back" \
	reads_back "$DEV" 65536 8192 data
check "the disk works after its device hung" \
	blkop stress -t 2 -n 200 "$DEV"
check_equal "no request failed because of the device that hung" \
	0 "$(vq_sum "$UUID" drops)"
check "the disk on the device that hung can be removed" remove_mdev "$UUID"
check "the other disk can be removed" remove_mdev "$OTHER"

# --- a program that is killed --------------------------------------------------

modprobe vfio_iommu_type1
check "a disk of class VHOST can be created" create_blk vhost file "$UUID"
check "a disk of class VHOST can lie on the device that will hang" \
	put "$(dm_dev hung)" "$DIR/backing"
check "the device can be made to hang under a program" dm_hold hung
user-blk "$UUID" data >program.out 2>&1 &
program=$!
sleep 3
check_not "a program waits for the device that hangs" gone $program
kill -9 $program
check "a program that waits for the device can be killed" ends $program
check "the device can be made to answer after the kill" dm_go_on hung
check "the next program can use the disk" user-blk "$UUID" data
check_equal "no page is pinned after the kill" 0 "$(pinned_pages)"
check "the disk of class VHOST can be removed" remove_mdev "$UUID"
check "the device that hung can be removed" dm_down hung
blk_down
null_down low
null_down other
rm -f data program.out rc.*
