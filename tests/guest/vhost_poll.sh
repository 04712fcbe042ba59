#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 120
#
# Queues that are polled for a while before their thread sleeps.
. /tests/lib.sh
. /tests/lib-vhost.sh

check_not "nothing can be polled for longer than 10 ms" \
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
check_equal "busy_poll is what it was" 200 "$(cat "$attr")"

for us in 10 10000; do
	check "busy_poll is $us" put $us "$attr"
	check "traffic" user_net traffic --frames 5000
	check "traffic, event index" user_net traffic --frames 5000 --event-idx --vary
	check "traffic, packed" user_net traffic --packed --frames 5000 --event-idx
	check "few receive buffers" user_net traffic --frames 500 --queue-size 4 --indirect
	check "eight pairs" user_net traffic --frames 500 --pairs 8 --event-idx
	check "control queue, on the thread of the first pair" user_net ctrl
	check "reset in all its forms" user_net reset
done

user_net traffic --frames 20000 >/tmp/traffic.out 2>&1 &
pid=$!
while kill -0 $pid 2>/dev/null; do
	for us in 0 1 5000; do
		put $us "$attr"
	done
done
wait $pid
check_equal "traffic while it changes" 0 $?
vhost_down
