#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# only: 6.1 6.12 7.2
# timeout: 120
#
# What a power cut leaves of mvblk's disk on a block device: all that was flushed.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh
. /tests/lib-power.sh

cd /tmp || exit 1
UUID=$(new_uuid)
power_up
check "mvblk can be loaded" modprobe mvblk || exit 1

check "a device that logs can be made" logged_up || exit 1
blk_up file "$UUID" || exit 1
check "a disk can lie on the device that logs" \
	put "$(dm_dev logged)" "$DIR/backing" || exit 1
check "the driver sees the size of the device that logs" \
	wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
ON=
logged_data
check "data can be written and not flushed" write_block 30
cp model model-lost
mark lost
check "the disk can be removed from the device that logs" remove_mdev "$UUID"
check "the device that logs can be removed" dm_down logged
check_cuts "a disk on a device"
check_not "what was not flushed is lost by a power cut" cut_has lost

blk_down
power_down
