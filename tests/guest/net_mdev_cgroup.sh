#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# timeout: 120
#
# What net_mdev needs for a program is charged to the program's control group, and stays
# within its limit, also if the program takes no frames.  The poll of a pair can have a
# thread, which can be put into the group.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh
. /tests/lib-cgroup.sh

LIMIT=$((64 << 20))

mount -t cgroup2 none "$TOP"
check "the kernel has groups for memory" \
	put "+memory" "$TOP/cgroup.subtree_control" || exit 1
mkdir "$GROUP"
put $LIMIT "$GROUP/memory.max"
modprobe vfio_iommu_type1
check "net_mdev can be loaded" modprobe net_mdev || exit 1
UUID=$(new_uuid)
check "an instance of class VHOST is created" nm_create vhost "$UUID" mq || exit 1
HOST=$(host_of "$UUID")
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6"
ip addr add 10.96.0.1/24 dev "$HOST"
ip link set dev "$HOST" up

# user_in_group ARGUMENT...: user-net, of the group
user_in_group()
{
	in_group user-net "$@"
}

dropped_more()
{
	[ "$(netstat_of "$HOST" tx_dropped)" -gt "$before" ]
}

if user_start user_in_group deaf --frames 20; then
	pass "a program of the group runs"
else
	fail "a program of the group runs" "$(cat /tmp/victim.out)"
fi
check "the interface has a carrier" wait_for 10 carrier_is "$HOST" 1
ip neigh add 10.96.0.2 lladdr "$(line_of "$(instance "$UUID")/mac")" dev "$HOST"

found=0
for t in $(threads_named netm-); do
	found=$((found + 1))
	check_thread_of_group \
		"a thread of a program's queues is in the program's group" "$t"
done
check "a pair of the program has a thread ($found)" test $found -ge 1
before=$(netstat_of "$HOST" tx_dropped)
check "frames can be sent to the program" udpflood 10.96.0.2 9 20000
check "frames that the program does not take are dropped" wait_for 20 dropped_more
check_equal "the program is not killed for lack of memory" 0 \
	"$(awk '$1 == "oom_kill" { print $2 }' "$GROUP/memory.events")"
note "$(cat "$GROUP/memory.peak" 2>/dev/null) bytes at most"
check "the program still runs" kill -0 "$victim"
check "the instance is idle when the program is killed" user_kill

# --- the poll of a pair in a thread ------------------------------------------------

# poll_threads: ids of those of the interface
poll_threads()
{
	threads_named "napi/$HOST-"
}

# sleeps_of TID: how often the thread has gone to sleep
sleeps_of()
{
	awk '$1 == "voluntary_ctxt_switches:" { print $2 }' "/proc/$1/status"
}

# one_polls: a thread has gone to sleep more often than the file "sleeps" says
one_polls()
{
	while read -r _t _before; do
		[ "$(sleeps_of "$_t")" -le "$_before" ] || return 0
	done <sleeps
	return 1
}

check "the interface's pairs can have threads" put 1 "/sys/class/net/$HOST/threaded"
check "each pair of the interface has a thread" test "$(poll_threads | wc -l)" = \
	"$(find "/sys/class/net/$HOST/queues" -name 'rx-*' | wc -l)"
cd /tmp || exit 1
: >sleeps
for t in $(poll_threads); do
	check "the thread of a pair can be put into the program's group" \
		put "$t" "$GROUP/cgroup.procs"
	check_thread_of_group "the thread of a pair is in the program's group" "$t"
	echo "$t $(sleeps_of "$t")" >>sleeps
done
check "what comes from the program can be returned to it" echo_up "$HOST"
if user_start user_in_group victim; then
	pass "a program of the group sends frames"
else
	fail "a program of the group sends frames" "$(cat /tmp/victim.out)"
fi
check "frames of the program are carried by a thread of the group" \
	wait_for 20 one_polls
check "the instance is idle when the program that sends is killed" user_kill
vhost_down
# what was in it may still be on its way out
check "the group can be removed" wait_for 20 rmdir "$GROUP"
put "-memory" "$TOP/cgroup.subtree_control"
umount "$TOP"
