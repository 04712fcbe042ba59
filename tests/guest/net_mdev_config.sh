#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1
# slow: debug
# timeout: 120
#
# net_mdev: what can be set at either end, and how the other end sees it: name, MTU,
# link, speed, offloads, VLANs.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-vhost.sh

IPH=10.97.1.1 IPG=10.97.1.2
UUID=$(new_uuid)

modprobe virtio_net
modprobe 8021q
check "net_mdev can be loaded" modprobe net_mdev || exit 1
check "an instance is created" create net_mdev-virtio '*-mq' "$UUID" || exit 1
check "the driver has a network interface" net_vars "$UUID" || exit 1
net_vars "$UUID"

# --- the name --------------------------------------------------------------------

HOST=$(cat "$DIR/ifname")
check "the interface that ifname names is there" test -d "/sys/class/net/$HOST"
check "an interface can be renamed" put port7 "$DIR/ifname"
check_equal "ifname reads the new name" port7 "$(cat "$DIR/ifname")"
check "the interface has the new name" test -d /sys/class/net/port7
check "a name with a number for the kernel to find is taken" \
	put 'hostport%d' "$DIR/ifname"
check_equal "the kernel has found a number" hostport0 "$(cat "$DIR/ifname")"
check_errno "the name of another interface is refused" EEXIST put lo "$DIR/ifname"
check_errno "a name of 16 characters is refused" \
	EINVAL put a123456789012345 "$DIR/ifname"
check_errno "a name with a slash is refused" EINVAL put a/b "$DIR/ifname"
check_errno "an empty name is refused" EINVAL put "" "$DIR/ifname"
check "an interface that ip has renamed" ip link set dev hostport0 name vmx
check_equal "ifname follows a name that was given by ip" vmx "$(cat "$DIR/ifname")"
ip netns add mvother
check "the interface can be moved to another namespace" \
	ip link set dev vmx netns mvother
check "an interface can be renamed where it is" put vmy "$DIR/ifname"
check "the interface is in the other namespace under its new name" \
	ip -n mvother link show dev vmy
ip netns del mvother
back()
{
	[ -d /sys/class/net/vmy ]
}
check "the interface returns when its namespace is deleted" wait_for 10 back
HOST=vmy

# --- what does not wait ----------------------------------------------------------

check_not "the two ends have different MAC addresses" \
	[ "$(cat "/sys/class/net/$HOST/address")" = "$(cat "$DIR/mac")" ]
for ms in 0 60001; do
	check_errno "a stall of $ms ms is refused" ERANGE put $ms "$DIR/stall"
done
check_errno "a stall that is no number is refused" EINVAL put long "$DIR/stall"
check "a stall of 250 ms is taken" put 250 "$DIR/stall"
check_equal "the stall reads as it was written" 250 "$(cat "$DIR/stall")"

# --- link ------------------------------------------------------------------------

ip addr add $IPH/24 dev "$HOST"
ip link set dev "$DEV" up
check "the driver has no carrier while the host's interface is down" \
	wait_for 10 carrier_is "$DEV" 0
check_equal "link is up although the interface is down" up "$(cat "$DIR/link")"
ip link set dev "$HOST" up
check "the driver has a carrier when the host's interface is up" \
	wait_for 10 carrier_is "$DEV" 1
check "the host's interface has a carrier" wait_for 10 carrier_is "$HOST" 1
check "the link can be taken down" put down "$DIR/link"
check "the driver has no carrier when link is down" wait_for 10 carrier_is "$DEV" 0
check "the host's interface has no carrier when link is down" \
	wait_for 10 carrier_is "$HOST" 0
check "the link can be taken up" put up "$DIR/link"
check "the driver has a carrier when link is up" wait_for 10 carrier_is "$DEV" 1
check "the host's interface has a carrier when link is up" \
	wait_for 10 carrier_is "$HOST" 1

# --- MTU -------------------------------------------------------------------------

# rebind [COMMAND...]: a reset of the device, and another probe of its driver; in between
# the command
rebind()
{
	_virtio=$(virtio_of "$UUID")
	put "$_virtio" /sys/bus/virtio/drivers/virtio_net/unbind &&
		wait_for 10 carrier_is "$HOST" 0 && "${@:-true}" &&
		put "$_virtio" /sys/bus/virtio/drivers/virtio_net/bind &&
		net_vars "$UUID"
}

mtu()
{
	cat "/sys/class/net/$1/mtu"
}

check_equal "the MTU is Ethernet's at first" 1500 "$(cat "$DIR/mtu")"
check "the MTU can be changed at the instance" put 4000 "$DIR/mtu"
check_equal "the host's interface has the instance's MTU" 4000 "$(mtu "$HOST")"
check_equal "the driver still has its MTU" 1500 "$(mtu "$DEV")"
check "the driver can be bound again" rebind
net_vars "$UUID"
check_equal "the driver sees the MTU after a reset" 4000 "$(mtu "$DEV")"
check "the MTU can be changed while no driver is bound" \
	rebind ip link set dev "$HOST" mtu 3000
net_vars "$UUID"
check_equal "a driver sees the MTU that was set while none was bound" \
	3000 "$(mtu "$DEV")"
check "the MTU can be changed at the host's interface" \
	ip link set dev "$HOST" mtu 1280
check_equal "the instance has the MTU of the host's interface" \
	1280 "$(cat "$DIR/mtu")"
for n in 67 65536; do
	check_errno "an MTU of $n is refused" ERANGE put $n "$DIR/mtu"
done
check "the largest MTU is taken" put 65535 "$DIR/mtu"
check "an MTU of 9000 is taken" put 9000 "$DIR/mtu"
check "the driver can be bound with jumbo frames" rebind
net_vars "$UUID"
check_equal "the driver sees an MTU for jumbo frames" 9000 "$(mtu "$DEV")"

# the driver's end in a namespace
ip netns add mvguest
ip link set dev "$DEV" netns mvguest
ip -n mvguest addr add $IPG/24 dev "$DEV"
ip -n mvguest link set dev "$DEV" up
check "the carrier is there in the driver's namespace" \
	wait_for 10 carrier_is "$HOST" 1
check "a frame of 9000 bytes is answered" ping -c 2 -W 10 -s 8972 $IPG

# --- ethtool ---------------------------------------------------------------------

guest_ethtool()
{
	in_ns mvguest ethtool "$@"
}

# guest_carrier_is 0|1: as the driver has seen it, which may be later than the host
guest_carrier_is()
{
	[ "$(in_ns mvguest cat "/sys/class/net/$DEV/carrier")" = "$1" ]
}

# told PATTERN COMMAND...: the output has a line like that
told()
{
	_pattern=$1
	shift
	"$@" 2>&1 | grep -q "$_pattern"
}

# there is room for 31 characters
check "ethtool -i names the instance" \
	told "bus-info: $(echo "$UUID" | cut -c1-31)" ethtool -i "$HOST"
check "ethtool -i names the module" told "driver: net_mdev" ethtool -i "$HOST"
check_equal "ethtool -l tells how many pairs there may be" \
	"$(nproc)" "$(ethtool -l "$HOST" | awk '/^Combined:/ { print $2; exit }')"
check "ethtool -g shows the driver's rings" told '^TX:.*[1-9]' ethtool -g "$HOST"
check "ethtool -S counts for each pair" told 'tx1_packets' ethtool -S "$HOST"
check "ethtool shows the speed at the host's interface" \
	told 'Speed: 10000Mb/s' ethtool "$HOST"
check "the driver sees the same speed" told 'Speed: 10000Mb/s' guest_ethtool "$DEV"
check "the speed can be set" ethtool -s "$HOST" speed 25000 duplex full
# virtio-net looks at it when the link comes up
put down "$DIR/link"
check "the driver's link goes down in its namespace" wait_for 10 guest_carrier_is 0
put up "$DIR/link"
check "the driver sees a speed that was set" \
	wait_for 10 told 'Speed: 25000Mb/s' guest_ethtool "$DEV"

offloads="tcp-segmentation-offload: on"
check "the host's interface leaves segmentation to the driver's end" \
	wait_for 10 told "$offloads" ethtool -k "$HOST"
check "the driver can stop receiving large frames" \
	guest_ethtool -K "$DEV" rx-gro-hw off
check "the host's interface segments when the driver does not take large frames" \
	wait_for 10 told "tcp-segmentation-offload: off" ethtool -k "$HOST"
check "ping is answered with offloads off" ping -c 2 -W 10 $IPG
check "the driver can receive large frames again" \
	guest_ethtool -K "$DEV" rx-gro-hw on
check "the host's interface leaves segmentation to the driver's end again" \
	wait_for 10 told "$offloads" ethtool -k "$HOST"
for feature in rx tx sg tso gso gro; do
	check "ping is answered with $feature off" eval \
		"ethtool -K $HOST $feature off && ping -c 2 -W 10 -s 3000 $IPG"
	ethtool -K "$HOST" $feature on >/dev/null
done

# --- VLANs -----------------------------------------------------------------------

ip link add link "$HOST" name host5 type vlan id 5
ip link add link "$HOST" name host6 type vlan id 6
ip addr add 10.97.5.1/24 dev host5
ip addr add 10.97.6.1/24 dev host6
ip link set dev host5 up
ip link set dev host6 up
ip -n mvguest link add link "$DEV" name guest5 type vlan id 5
ip -n mvguest addr add 10.97.5.2/24 dev guest5
ip -n mvguest link set dev guest5 up
check "ping in a VLAN that the driver has added is answered" \
	ping -c 2 -W 10 10.97.5.2
before=$(cat "$DIR/filtered")
check_not "ping in a VLAN that the driver has not added is not answered" \
	ping -c 1 -W 1 10.97.6.2
filtered()
{
	[ "$(cat "$DIR/filtered")" -gt "$before" ]
}
check "frames of a VLAN that was not added are filtered" wait_for 10 filtered
ip -n mvguest link del guest5
before=$(cat "$DIR/filtered")
check_not "ping in a VLAN that the driver has deleted is not answered" \
	ping -c 1 -W 1 10.97.5.2
check "frames of a VLAN that was deleted are filtered" wait_for 10 filtered
check "ping without a VLAN is still answered" ping -c 2 -W 10 $IPG

check "the instance can be removed" remove_mdev "$UUID"
check_not "the host's interface is gone with it" test -e "/sys/class/net/$HOST"
ip netns del mvguest

# --- a program, and an interface that sends back what it receives ----------------

modprobe vfio_iommu_type1
modprobe sch_ingress
modprobe cls_matchall
modprobe act_mirred
UUID=$(new_uuid)
check "an instance of class VHOST is created" \
	create net_mdev-vhost '*-mq' "$UUID" || exit 1
HOST=$(cat "$(instance "$UUID")/ifname")
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6" 2>/dev/null
ip link set dev "$HOST" up
check "the host's interface can send frames back" eval \
	"tc qdisc add dev $HOST ingress && tc filter add dev $HOST ingress matchall action mirred egress redirect dev $HOST"
check "the control queue takes commands, of VLANs and of offloads, too" \
	user_net ctrl --steered
unload
