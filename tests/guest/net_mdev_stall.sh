#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 180
#
# A guest that takes no frames keeps up nobody else: what is sent to it is dropped and
# counted after a while, the other guest at the bridge has its traffic, and it gets
# frames again when it has buffers.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh

STALL=300	# ms

modprobe vfio_iommu_type1
check "net_mdev can be loaded" modprobe net_mdev || exit 1
bridge_up || {
	fail "two guests are set up at a bridge"
	exit 1
}
UUID=$(new_uuid)
check "an instance of class VHOST is created" nm_create vhost "$UUID" || exit 1
HOST=$(host_of "$UUID")
check "the time after which frames are dropped can be set" \
	put $STALL "$(instance "$UUID")/stall"
check_equal "the time after which frames are dropped can be read" \
	$STALL "$(line_of "$(instance "$UUID")/stall")"
user_start user-net deaf --frames 20 || {
	fail "a program runs that takes no frames" "$(cat /tmp/victim.out)"
	exit 1
}
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6"
check "the interface of a program can be set up at the bridge" eval \
	"ip link set dev $HOST up && ip link set dev $HOST master $BRIDGE"
check "the interface has a carrier" wait_for 10 carrier_is "$HOST" 1

# What nobody has an address of goes to all.
MACDEAF=$(line_of "$(instance "$UUID")/mac")
ip -n $NSA neigh add 10.99.0.9 lladdr "$MACDEAF" dev eth0

# flood_deaf: more frames than any queue of the interface takes
flood_deaf()
{
	in_ns $NSA udpflood 10.99.0.9 9 "$1"
}

# dropped: by the interface
dropped()
{
	netstat_of "$HOST" tx_dropped
}

dropped_more()
{
	[ "$(dropped)" -gt "$1" ]
}

before=$(dropped)
check "frames can be sent to the program" flood_deaf 2000
check "frames that it does not take are dropped" wait_for 20 dropped_more "$before"
check "other guests at the bridge reach each other" ping_both
data_of 512 in
check "TCP of other guests arrives unchanged" copy_both in
note "$(($(dropped) - before)) dropped"
before=$(dropped)
check "frames can be sent to the program again" flood_deaf 2000
check "frames are dropped and counted while it takes none" \
	wait_for 20 dropped_more "$before"

# --- it has buffers, but does not say so ------------------------------------------

kill -USR1 "$victim"
check "the program adds buffers" wait_for 20 grep -q "has buffers" /tmp/victim.out
check "other guests reach each other while it has buffers and does not say so" ping_both
# gets_frames: those are dropped that come before the device has looked
gets_frames()
{
	flood_deaf 200 && grep -q "frames" /tmp/victim.out
}

kill -USR2 "$victim"
check "frames can be sent to the program that has buffers" wait_for 20 gets_frames
check_ended "the program gets frames when it has buffers" "$victim" /tmp/victim.out
check "the instance is idle after the program's end" wait_for 10 state_is "$UUID" idle
check "the interface has no carrier then" wait_for 10 carrier_is "$HOST" 0
check "frames to an interface without a carrier keep up nobody" flood_deaf 2000
check "guests reach each other after it" ping_both

# --- killed while it takes none -------------------------------------------------------

user_start user-net deaf ||
	fail "a program runs again that takes no frames" "$(cat /tmp/victim.out)"
wait_for 10 carrier_is "$HOST" 1
flood_deaf 2000
if user_kill; then
	pass "a program can be killed while frames wait for it"
else
	fail "a program can be killed while frames wait for it"
fi
check "an instance can be removed after that" remove_mdev "$UUID"
bridge_down

# --- frames for a driver that is gone ----------------------------------------------

UUID=$(new_uuid)
nm_create vhost "$UUID" || fail "another instance of class VHOST is created"
HOST=$(host_of "$UUID")
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6"
modprobe sch_netem
ip link set dev "$HOST" up && ip addr add 10.98.0.1/24 dev "$HOST" &&
	ip neigh add 10.98.0.9 lladdr "$(line_of "$(instance "$UUID")/mac")" dev "$HOST"

# waiting: frames in the qdisc of the interface
waiting()
{
	tc -s qdisc show dev "$HOST" root | sed -n 's/.*backlog [^ ]* \([0-9]*\)p.*/\1/p'
}

driver_is_there()
{
	user_start user-net deaf && wait_for 20 carrier_is "$HOST" 1
}

driver_is_there || fail "a program drives an interface outside of the bridge"
check "frames of the interface can be held up" \
	tc qdisc replace dev "$HOST" root netem delay 100s
udpflood 10.98.0.9 9 20
check_not "frames for the program wait" [ "$(waiting)" = 0 ]
user_kill
driver_is_there || fail "another program drives the interface"
check_equal "frames for the program before are gone" 0 "$(waiting)"
udpflood 10.98.0.9 9 20
check_not "frames for the second program wait" [ "$(waiting)" = 0 ]
user_kill
remove_mdev "$UUID"
vhost_down
