#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# long: yes
# timeout: 240
#
# mvblk on a block device that does not answer while the device is to be suspended: that
# fails, and the device goes on when the disk answers.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
UUID=$(new_uuid)
DIR=$(instance "$UUID")

lower_up
modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1
check "a disk in memory can be made" null_up low 64 || exit 1
hung_up()
{
	linear "$(null_dev low)" | dm_up hung
}
check "a device that can be made to hang is there" hung_up || exit 1

# refused: the program has said so
refused()
{
	grep -q "SUSPEND is refused" program.out
}

check "a disk of class VHOST can be created" create_blk vhost bdev "$UUID"
check "the disk can lie on the device that will hang" put "$(dm_dev hung)" "$DIR/backing"
check "the device can be made to hang" dm_hold hung
user-blk "$UUID" hung >program.out 2>&1 &
program=$!
check "SUSPEND is refused while the disk does not answer" wait_for 120 refused
check "the device can be made to answer" dm_go_on hung
wait $program
check_equal "the disk goes on, and can be suspended, when the device answers" 0 $?
cat program.out
check "the disk can be removed" remove_mdev "$UUID"
check "the device that hung can be removed" dm_down hung
null_down low
rm -f program.out
unload
