#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 120
#
# mvblk on a block device that is taken out while requests are in flight.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
UUID=$(new_uuid)
MIB=$((1024 * 1024))

lower_up
check "mvblk can be loaded" modprobe mvblk || exit 1

# --- a kernel driver -----------------------------------------------------------

check "a disk of 64 MiB in memory can be made" \
	null_up low 64 irqmode=2 completion_nsec=1000000 || exit 1
blk_up file "$UUID" || exit 1
check "a disk can lie on the disk in memory" \
	put "$(null_dev low)" "$DIR/backing" || exit 1
check "the driver sees the size of the disk in memory" \
	wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
stress()
{
	blkop stress -e -t 4 "$DEV" >stress.out 2>&1
}
begin stress stress
check "four threads load the disk" under_load "$UUID"
check "the disk in memory can be taken out under load" \
	timeout 60 sh -c "echo 0 >$NULLS/low/power"
check "each thread's request fails after the device is gone" \
	wait_for 30 ended stress
check_equal "the threads got an error and nothing else" 0 "$(result stress)"
note "$(tail -n 1 stress.out)"
# the driver is told within a second or two, and refuses requests by itself then
check "the driver sees a disk without sectors" wait_for 10 size_is "$UUID" 0
check_equal "a read gives nothing after the device is gone" 0 \
	"$(dd if="$DEV" bs=4k count=1 iflag=direct 2>/dev/null | wc -c)"
check_errno "a write fails after the device is gone" ENOSPC \
	dd if=/dev/zero of="$DEV" bs=4k count=1 oflag=direct
check "the disk can be removed after its device is gone" \
	timeout 60 sh -c "echo 1 >/sys/bus/mdev/devices/$UUID/remove"
rmdir "$NULLS/low"

# --- a program -----------------------------------------------------------------

modprobe vfio_iommu_type1
check "another disk in memory can be made" null_up low 64 || exit 1
check "a disk of class VHOST can be created" create_blk vhost file "$UUID"
check "a disk of class VHOST can lie on the disk in memory" \
	put "$(null_dev low)" "$DIR/backing"
programs()
{
	while user-blk "$UUID" data; do
		:
	done >program.out 2>&1
}
begin programs programs
check "programs load the disk" under_load "$UUID"
check "the device can be taken out under a program" \
	timeout 60 sh -c "echo 0 >$NULLS/low/power"
check "the program gets an error after the device is gone" \
	wait_for 60 ended programs
check "the program's error is a status of IOERR" \
	sh -c "tail -n 3 program.out; grep -q 'status 0x1,' program.out"
check_equal "a device that is gone leaves no page pinned" 0 "$(pinned_pages)"
check "the file of a disk whose device is gone can be taken away" \
	put "" "$DIR/backing"
rmdir "$NULLS/low"
check "the disk in memory can be made again" null_up low 64
check "the disk can lie on the disk that was made again" \
	put "$(null_dev low)" "$DIR/backing"
check "a program can use the disk on the device that was made again" \
	user-blk "$UUID" config
check "the disk of class VHOST can be removed" remove_mdev "$UUID"
blk_down
null_down low
rm -f stress.out program.out rc.*
