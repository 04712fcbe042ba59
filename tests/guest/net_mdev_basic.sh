#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# slow: debug
# timeout: 240
#
# net_mdev: a driver at one end, a network interface of the host at the other.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-vhost.sh

IPH=10.97.0.1 IPG=10.97.0.2
UUID=$(new_uuid)
cd /tmp || exit 1

# host_dev UUID: the network interface of the host
host_dev()
{
	for _d in "/sys/bus/mdev/devices/$1"/net/*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
	done
}

modprobe virtio_net
check "net_mdev can be loaded" modprobe net_mdev || exit 1
check "an instance of class VIRTIO is created" \
	create net_mdev-virtio '*-one' "$UUID" || exit 1
check "the driver has a network interface" net_vars "$UUID" || exit 1
net_vars "$UUID"
HOST=$(host_dev "$UUID")
check_equal "the host has one that is named after the module's default" vm0 "$HOST"
check_equal "ethtool shows the driver of the host's interface" \
	"driver: net_mdev" "$(ethtool -i "$HOST" | grep '^driver')"

# the driver's end in a namespace
ip netns add mdevg
ip link set dev "$DEV" netns mdevg
ip -n mdevg addr add $IPG/24 dev "$DEV"
ip -n mdevg link set dev "$DEV" up
ip addr add $IPH/24 dev "$HOST"

# guest_carrier 0|1
guest_carrier()
{
	[ "$(in_ns mdevg cat "/sys/class/net/$DEV/carrier")" = "$1" ]
}

check "the driver's link is down before the host's interface is up" \
	wait_for 10 guest_carrier 0
ip link set dev "$HOST" up
check "the driver's link comes up with the host's interface" \
	wait_for 10 guest_carrier 1
check "the host's interface has a carrier" wait_for 10 carrier_is "$HOST" 1

check "the host can ping the driver" ping -c 3 -W 5 $IPG
check "the driver can ping the host" in_ns mdevg ping -c 3 -W 5 $IPH
check "fragmented ping with 8000 bytes is answered" ping -c 3 -W 5 -s 8000 $IPG

# tcp_to IP FILE OUT: from the other namespace to the one that has this address
tcp_to()
{
	_from="" _to="ip netns exec mdevg"
	[ "$1" = $IPG ] || { _from="ip netns exec mdevg" _to=""; }
	[ -p /tmp/never ] || mkfifo /tmp/never
	# shellcheck disable=SC2086 # a command, or nothing
	$_to nc -l -p 5001 0<>/tmp/never >"$3" &
	_nc=$!
	wait_for 10 nc_listens "$_to" || return 1
	# shellcheck disable=SC2086 # a command, or nothing
	$_from timeout 100 tcpsend "$1" 5001 <"$2" || {
		kill $_nc
		return 1
	}
	wait $_nc
}

nc_listens()
{
	$1 netstat -ltn | grep -q ":5001 "
}

MB=16
dd if=/dev/urandom of=in bs=1M count=$MB 2>/dev/null
for to in $IPG $IPH; do
	what="from the host"
	[ "$to" = $IPG ] || what="to the host"
	before=$(netstat_of "$HOST" tx_packets)
	before=$((before + $(netstat_of "$HOST" rx_packets)))
	check "$MB MB can be sent by TCP, $what" tcp_to "$to" in out
	check "the data sent by TCP arrives unchanged, $what" cmp in out
	after=$(netstat_of "$HOST" tx_packets)
	after=$((after + $(netstat_of "$HOST" rx_packets) - before))
	note "$after frames both ways, $what"
done

check "offloads of the host's interface can be switched off" \
	ethtool -K "$HOST" tx off sg off tso off gso off gro off
check "4 MB can be sent by TCP without offloads of the host" tcp_to $IPG in out
check "the data arrives unchanged without offloads of the host" cmp in out
ethtool -K "$HOST" tx on sg on tso on gso on gro on >/dev/null

# removal while there is traffic; not by functions, where a shell would be killed
before_rx=$(netstat_of "$HOST" rx_packets) before_tx=$(netstat_of "$HOST" tx_packets)
udpflood $IPG 9 100000000 &
floods=$!
/bin/ip netns exec mdevg udpflood $IPH 9 100000000 &
floods="$floods $!"

# flooded: many frames both ways
flooded()
{
	[ "$(netstat_of "$HOST" rx_packets)" -gt $((before_rx + 200)) ] &&
		[ "$(netstat_of "$HOST" tx_packets)" -gt $((before_tx + 200)) ]
}
check "there is traffic both ways" wait_for 20 flooded
check "the instance can be removed under traffic" remove_mdev "$UUID"
# shellcheck disable=SC2086 # a list
kill $floods
wait
check "the host's interface is removed with the instance" \
	test ! -e "/sys/class/net/$HOST"
ip netns del mdevg

# --- a program, and an interface that sends back what it receives --------------

modprobe vfio_iommu_type1
UUID=$(new_uuid)
check "an instance of class VHOST is created" \
	create net_mdev-vhost '*-one' "$UUID" || exit 1
HOST=$(host_dev "$UUID")
# The program expects nothing but what it has sent.
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6"
ip link set dev "$HOST" arp off multicast off
ip link set dev "$HOST" up
modprobe sch_ingress
modprobe cls_matchall
modprobe act_mirred
check "the host's interface can send frames back" eval \
	"tc qdisc add dev $HOST ingress && tc filter add dev $HOST ingress matchall action mirred egress redirect dev $HOST"
check "frames come back to a program through split rings" \
	user_net traffic --frames 2000 --vary
check "frames come back to a program through packed rings, mergeable buffers" \
	user_net traffic --frames 2000 --packed --indirect --event-idx --mrg
check "jumbo frames come back to a program through the char device" \
	user_net traffic --chardev --frames 500 --size 9014 --mrg --event-idx
note "$(ethtool -S "$HOST" | tr -s '\n ' ' ')"
check "the instance of class VHOST can be removed" remove_mdev "$UUID"
unload
