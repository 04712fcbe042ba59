#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1
# timeout: 180
#
# When the driver is signalled: once for large frames that are sent together, at once for a
# small one, and in any case: also if it has no buffer left, or leaves.
. /tests/lib.sh
. /tests/lib-net-mdev.sh
. /tests/lib-cgroup.sh

BURST=8

check "net_mdev can be loaded" modprobe -a virtio_net net_mdev || exit 1
UUID=$(new_uuid)
nm_guest $NSA $IPA "$UUID" || {
	fail "a guest is set up"
	exit 1
}
check "the interface has a carrier" wait_for 10 carrier_is "$HOST" 1
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6"
# None of the frames is dropped because the driver had no time to add buffers.
check "the time after which frames are dropped can be set" \
	put 60000 "$(instance "$UUID")/stall"
SIGNALS=$(instance "$UUID")/vq$(rxq 0)/signals

# worker_here: gsosend keeps it from running
worker_here()
{
	_worker=$(threads_named netm-)
	[ -n "$_worker" ] && taskset -p 1 "$_worker"
}

# received: frames that the guest's driver has got, of which it was told
received()
{
	in_ns $NSA cat /sys/class/net/eth0/statistics/rx_packets
}

received_more()
{
	[ "$(received)" -ge "$1" ]
}

# late_signals: those that were left to the worker
late_signals()
{
	ethtool -S "$HOST" | sed -n 's/^ *tx0_late_signals: //p'
}

# send LARGE SMALL [FILE [TEXT]]: and see that they arrive
send()
{
	_want=$(($(received) + $1 + $2))
	gsosend "$HOST" "$@" && wait_for 20 received_more $_want
}

check "the thread of the pair can be kept on a CPU" worker_here
check "large frames arrive" send 1 0

before=$(line_of "$SIGNALS") late=$(late_signals)
check "large frames that are sent together arrive" send $BURST 0
signals=$(($(line_of "$SIGNALS") - before))
note "$signals signals for $BURST frames"
check "the driver is signalled fewer times than there are frames" \
	[ $signals -lt $BURST ]
check "the driver is signalled" [ $signals -gt 0 ]
check "a signal was left to the thread" [ "$(late_signals)" -gt "$late" ]

before=$(line_of "$SIGNALS")
after=$(gsosend "$HOST" $BURST 1 "$SIGNALS")
check "a small frame after large ones is signalled by its sender" \
	[ "$after" -gt "$before" ]

before=$(line_of "$SIGNALS") late=$(late_signals)
check "small frames arrive" send 0 $BURST
check_equal "no signal for small frames is left to the thread" "$late" "$(late_signals)"

# The ring has room for a part of these.
check "more large frames than the driver has buffers for arrive" send 500 0
check_equal "none of these is dropped" 0 "$(netstat_of "$HOST" tx_dropped)"

# --- the driver leaves ------------------------------------------------------------------

# carrier_again: the driver is there again
carrier_again()
{
	put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/bind && nm_find "$UUID" &&
	ip link set dev "$GUEST" netns $NSA name eth0 &&
	ip -n $NSA link set dev eth0 up && wait_for 10 carrier_is "$HOST" 1
}

for i in 1 2 3; do
	check "the driver can be unbound before it is signalled, $i" \
		gsosend "$HOST" $BURST 0 /sys/bus/mdev_class/drivers/virtio_mdev/unbind "$UUID"
	check "the driver can be bound again, $i" carrier_again
	check "the thread of the pair can be kept on a CPU again, $i" worker_here
	check "large frames arrive again, $i" send $BURST 0
done
check "an instance can be removed before its driver is signalled" \
	gsosend "$HOST" $BURST 0 "/sys/bus/mdev/devices/$UUID/remove" 1
check_not "the interface goes with its instance" [ -d "/sys/class/net/$HOST" ]
ip netns del $NSA
unload
