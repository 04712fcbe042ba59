#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
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
logged_disk "a disk"
ON=
logged_data
check "data can be written and not flushed" write_block 30
cp model model-lost
mark lost
logged_off "a disk"
check_cuts "a disk on a device"
check_not "what was not flushed is lost by a power cut" cut_has lost

blk_down
power_down
