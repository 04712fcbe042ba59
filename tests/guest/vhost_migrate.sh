#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 120
#
# What a program needs that moves an instance of class VHOST to another host: the log
# of pages that the device writes, and the state of the device.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-vhost.sh

vhost_up
b=$(new_uuid)
check "another instance is created" create_net vhost "$b" || exit 1

check "the log has the pages that were written" user_net log
check "the log has the pages that were written, packed rings" \
	user_net log --packed --indirect --event-idx
check "the log has the pages that were written, mergeable buffers, two pairs" \
	user_net log --mrg --size 3000 --pairs 2
check "there is no log through the char device" user_net_chardev log
check_equal "no page is pinned when the log has ended" 0 "$(pinned_pages)"

check "the state moves between two instances" user_net --uuid "$b" state
check "the state moves between two instances, packed rings, two pairs" \
	user_net --uuid "$b" state --packed --pairs 2
check "there is no state through the char device" user_net_chardev state --absent
check_log "the log says why a state is refused" \
	"the state of another device cannot be loaded: it has no end"

check "mvblk can be loaded" modprobe mvblk
disk=$(new_uuid)
check "a disk in RAM is created" create_blk vhost ram64m "$disk"
check "a disk in RAM has no state" user-net --uuid "$disk" state --absent
check_log "the log says why a disk in RAM has no state" \
	"the instance cannot be migrated: "
check_equal "copy_mode is 0 without a user" 0 "$(cat "$(instance "$UUID")/copy_mode")"
vhost_down
