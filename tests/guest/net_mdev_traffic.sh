#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# kernels: 6.1
# timeout: 300
#
# Two guests and the host at a bridge: ping and TCP, each byte compared; without
# offloads, with small and large frames, VLANs, XDP, and interfaces that are moved and
# renamed.
. /tests/lib.sh
. /tests/lib-net-mdev.sh

check "net_mdev can be loaded" modprobe net_mdev mtu=9000 || exit 1
bridge_up || {
	fail "two guests are set up at a bridge"
	exit 1
}
mtu_all 1500
check "guests at a bridge reach each other" ping_both || exit 1
check "the host reaches a guest by the bridge" ping -c 2 -W 5 $IPA
check "a guest reaches the host by the bridge" answers $NSA $IPHOST
check_equal "the interface of a guest that runs has a carrier" 1 \
	"$(line_of "/sys/class/net/$HOSTA/carrier")"
data_of 4096 in
check "4 MiB by TCP arrive unchanged both ways" copy_both in

# --- offloads, off one after the other --------------------------------------------

data_of 512 in
for o in $OFFLOADS; do
	check "$o can be switched off at all ends" offload_everywhere "$o" off
	check "TCP arrives unchanged without $o and those before" copy_both in
done
check "all offloads can be switched on again" all_offloads_on
check "TCP arrives unchanged with all offloads again" copy_both in

# --- sizes ---------------------------------------------------------------------------

for mtu in 1280 9000; do
	check "the MTU can be $mtu" mtu_all $mtu || continue
	check "frames of the largest size pass, MTU $mtu" ping_both -s $((mtu - 28))
	check "TCP arrives unchanged, MTU $mtu" copy_both in
done
mtu_all 1500

# --- VLANs -----------------------------------------------------------------------------

# vlan_up NAMESPACE ADDRESS: an interface of its VLAN 5
vlan_up()
{
	ip -n "$1" link add link eth0 name eth0.5 type vlan id 5 &&
	ip -n "$1" link set dev eth0.5 up && ip -n "$1" addr add "$2/24" dev eth0.5
}

modprobe 8021q
check "guests can have interfaces of a VLAN" eval \
	"vlan_up $NSA 10.95.0.1 && vlan_up $NSB 10.95.0.2"
check "guests reach each other by a VLAN" answers $NSA 10.95.0.2
check "TCP arrives unchanged by a VLAN" eval \
	'IPA=10.95.0.1 IPB=10.95.0.2; copy_both in'

# --- XDP, tc -------------------------------------------------------------------------------

mount -t bpf none $BPFFS
for mode in xdpgeneric xdpdrv; do
	if ! out=$(xdp "$HOSTA" $mode pass 2>&1); then
		case $mode in
		xdpdrv)	skip "XDP of the driver passes frames" "${out:-none}" ;;
		*)	fail "XDP can be attached, $mode" "$out" ;;
		esac
		continue
	fi
	check "XDP passes frames, $mode" ping_both
	check "XDP can be replaced, $mode" xdp "$HOSTA" $mode drop
	check_not "XDP drops what a guest sends, $mode" in_ns $NSA ping -c 1 -W 1 $IPB
	check "XDP can be detached, $mode" xdp "$HOSTA" $mode off
	check "frames pass without XDP again, $mode" ping_both
done
umount $BPFFS

modprobe -a sch_ingress cls_matchall act_gact sch_fq
check "a qdisc can be attached" tc qdisc replace dev "$HOSTA" root fq
check "a filter can be attached" eval \
	"tc qdisc add dev $HOSTA clsact && tc filter add dev $HOSTA ingress matchall action drop"
check_not "the filter drops what a guest sends" in_ns $NSA ping -c 1 -W 1 $IPB
check "filter and qdisc can be detached" eval \
	"tc qdisc del dev $HOSTA clsact && tc qdisc del dev $HOSTA root"
check "frames pass without a filter again" ping_both

# --- other names, other namespaces -----------------------------------------------------------

# moved NAMESPACE: the interface of guest A is there, as port0
moved()
{
	ip link set dev "$HOSTA" nomaster && ip link set dev "$HOSTA" down &&
	ip link set dev "$HOSTA" name port0 && ip link set dev port0 netns "$1" &&
	ip -n "$1" link set dev port0 up && ip -n "$1" addr add 10.99.0.3/24 dev port0
}

ip netns add nmhost
check "an interface can be renamed and moved to a namespace" moved nmhost
check "a guest reaches what has its interface in a namespace" answers $NSA 10.99.0.3
check "the namespace can be deleted" ip netns del nmhost
check "the interface comes back when its namespace goes" \
	wait_for 10 [ -d /sys/class/net/port0 ]
check "a guest reaches the host again by an interface that came back" eval \
	"ip link set dev port0 master $BRIDGE && ip link set dev port0 up && answers $NSA $IPB"

# --- the end -----------------------------------------------------------------------------------

check "an instance can be removed while its interface is at a bridge" \
	remove_mdev "$UUIDA"
check_not "the interface goes with its instance" [ -d /sys/class/net/port0 ]
check "an instance can be removed after its guest's namespace" eval \
	"ip netns del $NSB && remove_mdev $UUIDB"
bridge_down 2>/dev/null
unload
