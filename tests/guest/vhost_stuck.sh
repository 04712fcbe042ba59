#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1
# timeout: 240
#
# Users whose memory does not answer when the device copies from it, or takes its
# time: pages of a userfaultfd that nobody serves, or that is served slowly.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-blk.sh

# all_threads_gone PID: no thread of it is left, for wait_for
all_threads_gone()
{
	[ -d "/proc/$1" ] || return 0
	set -- "/proc/$1" "/proc/$1"/task/*
	[ $# = 2 ] && grep -q '^State:.Z' "$1/status"
}

vhost_up
OTHER=$(new_uuid)
check "another instance is created" create_net vhost "$OTHER"
user-net --uuid "$OTHER" victim >/tmp/other.out 2>&1 &
other=$!
check "the other instance has traffic" wait_for 30 grep -q running /tmp/other.out

# what nobody waits for is given up after half a minute, which is the same on
# each kernel
count=0
[ "$KERNEL" != 6.12 ] || count=1
check "a device whose page does not come gives it up" \
	user_net stuck --queue-size 64 --count $count
check_log "the log says why the queue broke" "did not answer in time"

check "mvblk can be loaded" modprobe mvblk
BLK=$(new_uuid)
check "an instance of mvblk is created" create_blk vhost ram64m "$BLK"
check "a disk whose page does not come gives it up" user-blk "$BLK" stuck

check "a device whose pages come slowly sends its frame" user_net slow --queue-size 64

# killed in a reset that waits for the worker, and in an unmap that waits for
# type1's lock
left=0 removed=0
for i in 0 1; do
	UUID=$(new_uuid)
	check "an instance is created" create_net vhost "$UUID"
	# not by check, which has a shell of its own
	if ! user_start user-net stuck-killed --count $i --queue-size 64; then
		fail "a device is stuck in a page that does not come" "$(cat /tmp/victim.out)"
		kill -9 "$victim"
		break
	fi
	holder=$(sed -n 's/^holder //p' /tmp/victim.out)
	kill -9 "$victim"
	# five seconds, and what a slow guest adds
	wait_for 10 all_threads_gone "$victim" || left=$((left + 1))
	wait_for 10 state_is "$UUID" idle || left=$((left + 1))
	check "the page still does not come" test -d "/proc/$holder"
	! check "the instance can be removed" remove_mdev "$UUID" ||
		removed=$((removed + 1))
	kill -9 "$holder"
	wait "$victim"
done
check_equal "killed users of stuck devices leave no process and no busy instance" 0 $left
check_equal "both instances of killed users can be removed" 2 $removed

check "the other instance has traffic throughout" test -e "/proc/$other/exe"
kill -9 $other
wait $other
wait_for 10 state_is "$OTHER" idle
vhost_down
