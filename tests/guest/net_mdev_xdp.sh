#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# long: yes
# slow: debug
# timeout: 600
#
# XDP programs in the driver of net_mdev's interfaces: each verdict, frames of all sizes
# with and without offloads, programs that come and go under traffic, and drivers that do.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh

NSC=nmxc
IPC=10.99.0.3

# counter DEV NAME: of ethtool -S
counter()
{
	ethtool -S "$1" | sed -n "s/^ *$2: //p"
}

# more_than DEV NAME BEFORE: the counter grew
more_than()
{
	[ "$(counter "$1" "$2")" -gt "$3" ]
}

# counted DEV NAME COMMAND...: the counter grows while the command runs
counted()
{
	_dev=$1 _name=$2
	_before=$(counter "$_dev" "$_name")
	shift 2
	"$@" && wait_for 5 more_than "$_dev" "$_name" "$_before"
}

# fails COMMAND...
fails()
{
	! "$@"
}

# redirects DEV TO: what comes from the driver of DEV is sent on interface TO
redirects()
{
	_index=$(line_of "/sys/class/net/$2/ifindex")
	[ -e "$BPFFS/to-$2" ] || xdppin redirect "$_index" "$BPFFS/to-$2" || return 1
	xdp "$1" xdpdrv "to-$2"
}

# neighbour NAMESPACE ADDRESS MAC
neighbour()
{
	ip -n "$1" neigh replace "$2" lladdr "$3" dev eth0
}

# rebind UUID NAMESPACE ADDRESS: virtio-net leaves the instance and comes again
rebind()
{
	_dev=$(virtio_of "$1")
	put "$_dev" /sys/bus/virtio/drivers/virtio_net/unbind &&
	put "$_dev" /sys/bus/virtio/drivers/virtio_net/bind &&
	wait_for 10 guest_of "$1" || return 1
	ip link set dev "$(guest_of "$1")" netns "$2" name eth0 &&
	ip -n "$2" link set dev eth0 up && ip -n "$2" addr add "$3/24" dev eth0
}

modprobe -a virtio_net veth
check "net_mdev can be loaded" modprobe net_mdev mtu=9000 || exit 1
UUIDA=$(new_uuid) UUIDB=$(new_uuid)
nm_guest $NSA $IPA "$UUIDA" || fail "guest A is set up"
HOSTA=$HOST
nm_guest $NSB $IPB "$UUIDB" || fail "guest B is set up"
HOSTB=$HOST
mount -t bpf none $BPFFS

# mtu_both MTU: of both ends of both guests
mtu_both()
{
	ip link set dev "$HOSTA" mtu "$1" && ip link set dev "$HOSTB" mtu "$1" &&
	ip -n $NSA link set dev eth0 mtu "$1" && ip -n $NSB link set dev eth0 mtu "$1"
}

# --- redirected from guest to guest ------------------------------------------------

check "MTU 1500 can be set" mtu_both 1500
check "frames of guest A can be redirected to guest B" redirects "$HOSTA" "$HOSTB"
check "frames of guest B can be redirected to guest A" redirects "$HOSTB" "$HOSTA"
check "guests reach each other by redirection" ping_both
check "redirected frames are counted where they come from" \
	counted "$HOSTA" rx0_xdp_redirects ping_both
check "redirected frames are counted where they go to" \
	counted "$HOSTB" tx0_xdp_packets ping_both
data_of 1024 in
check "TCP with segmentation offload is redirected unchanged" copy_both in
check "frames to be segmented were seen as sk_buffs" test \
	"$(counter "$HOSTA" rx0_xdp_skbs)" -gt 0
for ns in $NSA $NSB; do
	offload "$ns" eth0 tso off
done
check "TCP without segmentation offload is redirected unchanged" \
	counted "$HOSTA" rx0_xdp_redirects copy_both in
for ns in $NSA $NSB; do
	offload "$ns" eth0 tx off
done
check "TCP without checksum offload is redirected unchanged" copy_both in
for ns in $NSA $NSB; do
	offload "$ns" eth0 tx on
	offload "$ns" eth0 tso on
done

# 3500 fits into a buffer, 8000 does not
check "MTU 9000 can be set with XDP attached" mtu_both 9000
for size in 3400 8000; do
	check "frames of $size bytes are redirected" ping_both -s $size
done
check "TCP is redirected unchanged, MTU 9000" copy_both in
mtu_both 1500

# --- programs that come and go ---------------------------------------------------------

# The kernel patches its call of programs when they change, and puts a breakpoint there
# meanwhile.  QEMU without KVM may have another CPU hit it when it is gone.  So there is
# no other CPU under traffic.
CPU=/sys/devices/system/cpu/cpu1/online

# traffic_begin: a flood from guest A to guest B, and the other way round
traffic_begin()
{
	put 0 $CPU
	/bin/ip netns exec $NSA udpflood $IPB 9 100000000 & floods=$!
	/bin/ip netns exec $NSB udpflood $IPA 9 100000000 & floods="$floods $!"
	wait_for 10 counted "$HOSTA" rx0_packets true
}

traffic_end()
{
	for _f in $floods; do
		kill "$_f" 2>/dev/null
		wait "$_f"
	done
	put 1 $CPU
}

come_and_go()
{
	for _p in pass drop echo; do
		xdp "$HOSTA" xdpdrv $_p || return 1
	done
	xdp "$HOSTA" xdpdrv off && redirects "$HOSTA" "$HOSTB"
}

traffic_begin
for i in 1 2 3 4 5; do
	check "programs can be attached, replaced and detached under traffic, $i" come_and_go
done
check "an interface can be set down and up under redirected traffic" eval \
	"ip link set dev $HOSTB down && ip link set dev $HOSTB up"
# what the host has when a driver leaves is the most that the next one may have
ip link set dev "$HOSTA" mtu 9000
ip link set dev "$HOSTB" mtu 9000
put "$(virtio_of "$UUIDB")" /sys/bus/virtio/drivers/virtio_net/unbind
check "a driver can leave while frames are redirected to it" \
	wait_for 10 carrier_is "$HOSTB" 0
traffic_end
put "$(virtio_of "$UUIDB")" /sys/bus/virtio/drivers/virtio_net/bind
check "virtio-net can be bound again after it left" wait_for 10 guest_of "$UUIDB"
ip link set dev "$(guest_of "$UUIDB")" netns $NSB name eth0
ip -n $NSB link set dev eth0 up
ip -n $NSB addr add $IPB/24 dev eth0
check "guests reach each other by redirection after that" ping_both
check "the other driver can leave and return" rebind "$UUIDA" $NSA $IPA
check "MTU 1500 can be set again" mtu_both 1500
check "guests reach each other by redirection after a reset of the source" ping_both

# --- to a veth and back -------------------------------------------------------------------

ip netns add $NSC
ip link add dev nmv0 type veth peer name eth0 netns $NSC
ip -n $NSC link set dev eth0 up
ip -n $NSC addr add $IPC/24 dev eth0
ip link set dev nmv0 up
# a veth takes frames of XDP if its other end has NAPI
in_ns $NSC ethtool -K eth0 gro on
check "frames of a guest can be redirected to a veth, and back" eval \
	"redirects $HOSTA nmv0 && redirects nmv0 $HOSTA"
check "a guest reaches a veth by redirection" answers $NSA $IPC
check "a veth reaches a guest by redirection" answers $NSC $IPA -s 1400
xdp nmv0 xdpdrv off
ip link del dev nmv0
ip netns del $NSC

# --- the other verdicts -------------------------------------------------------------------

MACA=$(ns_or_host $NSA cat /sys/class/net/eth0/address)
neighbour $NSA $IPC "$MACA"
check "an echo by XDP_TX can be attached" xdp "$HOSTA" xdpdrv echo
check "XDP_TX returns frames to their guest" \
	counted "$HOSTA" rx0_xdp_tx answers $NSA $IPC
check "XDP_TX returns frames of 1400 bytes" answers $NSA $IPC -s 1400
check "XDP_TX counts what it sends" test "$(counter "$HOSTA" tx0_xdp_packets)" -gt 0
check "MTU 9000 can be set with an echo attached" mtu_both 9000
check "XDP_TX returns frames that fit into no buffer" \
	counted "$HOSTA" rx0_xdp_skbs answers $NSA $IPC -s 8000
mtu_both 1500

neighbour $NSA $IPB "$MACA"
for v in drop:drops abort:errors wrong:errors; do
	check "a program can be attached that says ${v%:*}" xdp "$HOSTA" xdpdrv "${v%:*}"
	check "frames are lost and counted, ${v%:*}" \
		counted "$HOSTA" "rx0_xdp_${v#*:}" fails in_ns $NSA ping -c 1 -W 1 $IPB
done
check "a program that passes all can be attached" xdp "$HOSTA" xdpdrv pass
ip -n $NSA neigh flush dev eth0
ip addr add $IPHOST/24 dev "$HOSTA"
check "the host is reached by a guest whose frames pass" answers $NSA $IPHOST
check_not "a generic program is refused beside one of the driver" \
	ip link set dev "$HOSTA" xdpgeneric pinned $BPFFS/drop

# --- the end -----------------------------------------------------------------------------------

redirects "$HOSTB" "$HOSTA"
traffic_begin
check "an instance can be removed with XDP attached, under traffic" remove_mdev "$UUIDA"
traffic_end
check "an instance can be removed that redirected to one that is gone" remove_mdev "$UUIDB"
ip netns del $NSA
ip netns del $NSB

umount $BPFFS
vhost_down
