#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 120
#
# Queues that are polled for a while before their thread sleeps.
. /tests/lib.sh
. /tests/lib-vhost.sh

check_not "a busy_poll of more than 10 ms is refused" \
	modprobe mvnet busy_poll=10001
vhost_up busy_poll=200
attr=/sys/bus/mdev_class/devices/$UUID/busy_poll
check_equal "the default comes from the parameter" 200 "$(cat "$attr")"
for bad in 10001 4294967296; do
	check_errno "busy_poll cannot be $bad" ERANGE put $bad "$attr"
done
for bad in -1 x ""; do
	check_errno "busy_poll cannot be '$bad'" EINVAL put "$bad" "$attr"
done
check_equal "a refused busy_poll leaves the value as it was" 200 "$(cat "$attr")"

for us in 10 10000; do
	check "busy_poll is $us" put $us "$attr"
	check "frames come back with busy_poll" user_net traffic --frames 5000
	check "frames come back with busy_poll and event index" \
		user_net traffic --frames 5000 --event-idx --vary
	check "frames come back with busy_poll and packed rings" \
		user_net traffic --packed --frames 5000 --event-idx
	check "frames come back with busy_poll and few receive buffers" \
		user_net traffic --frames 500 --queue-size 4 --indirect
	check "frames come back with busy_poll and eight queue pairs" \
		user_net traffic --frames 500 --pairs 8 --event-idx
	check "the control queue takes commands on the polling thread of the first pair" \
		user_net ctrl
	check "a reset of a device that polls leaves nothing of the former use" \
		user_net reset
done

user_net traffic --frames 20000 >/tmp/traffic.out 2>&1 &
pid=$!
while kill -0 $pid 2>/dev/null; do
	for us in 0 1 5000; do
		put $us "$attr"
	done
done
wait $pid
check_equal "frames come back while busy_poll changes" 0 $?
vhost_down
