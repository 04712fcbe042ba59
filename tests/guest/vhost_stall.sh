#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1
# timeout: 240
#
# Users who make an unmap stand still, by userfaultfd.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "a stalled unmap keeps up those that need its memory, and they can be killed" \
	user_net stall --queue-size 64
check_equal "no page is pinned after stalled unmaps" 0 "$(pinned_pages)"

# killed while it stands still, with type1's lock held or at the end, and with
# another thread in DRIVER_OK or in close
killed=0 left=0
for i in 0 1 2 3; do
	rm -f /tmp/stalled.out
	user-net --uuid "$UUID" stalled --count $i --queue-size 64 \
		>/tmp/stalled.out 2>&1 &
	victim=$!
	if ! wait_for 60 grep -q running /tmp/stalled.out; then
		fail "rings are set up and unmapped while type1 is stalled, $i" "$(cat /tmp/stalled.out)"
		kill -9 $victim
		break
	fi
	kill -9 $victim
	wait $victim
	killed=$((killed + 1))
	wait_for 10 state_is "$UUID" idle || left=$((left + 1))
	[ "$(pinned_pages)" = 0 ] || left=$((left + 1))
done
check_equal "all users are killed while an unmap stands still" 4 $killed
check_equal "instances or pages that were left behind" 0 $left

check "frames come back after stalled unmaps" user_net traffic --frames 500
vhost_down
