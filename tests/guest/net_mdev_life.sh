#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 240
#
# Instances of net_mdev are removed, their modules unloaded and their users killed under
# traffic.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh

modprobe vfio_iommu_type1
check "net_mdev can be loaded" modprobe net_mdev || exit 1

# --- names ----------------------------------------------------------------------------

UUID=$(new_uuid)
check "an instance of class VHOST is created" nm_create vhost "$UUID" mq || exit 1
HOST=$(host_of "$UUID")
check "an interface can be renamed by the attribute" \
	put nic0 "$(instance "$UUID")/ifname"
check_equal "the interface has the name that was set" nic0 "$(host_of "$UUID")"
check_errno "a name that another interface has is refused" EEXIST \
	put lo "$(instance "$UUID")/ifname"
check_errno "a name that no interface may have is refused" EINVAL \
	put a/b "$(instance "$UUID")/ifname"
HOST=$(host_of "$UUID")
check_equal "the interface has no carrier without a driver" 0 \
	"$(ip link set dev "$HOST" up; line_of "/sys/class/net/$HOST/carrier")"
check "what an interface is can be asked" eval \
	"ethtool -i $HOST | grep -qx 'driver: net_mdev'"
check "an interface has statistics of its own" ethtool -S "$HOST"

# --- users that are killed --------------------------------------------------------------

check "what the interface gets can be sent back" echo_up "$HOST"
kill_users user-net 8 net_options
check "frames come back after users were killed" user_net traffic --frames 500
for m in vhost_mdev net_mdev mdev_core; do
	user_start user-net hold
	check_errno "$m cannot be unloaded while the VFIO device is open" EAGAIN rmmod $m
	user_kill
done

# shellcheck disable=SC2086 # options
for way in "" --chardev; do
	user_start user-net victim $way
	remove_mdev "$UUID" &
	remover=$!
	usleep 300000
	kill -9 "$victim"
	wait "$victim"
	wait $remover
	check "an instance is removed under traffic when its user is killed ${way:-}" \
		wait_for 30 [ ! -d "$(instance "$UUID")" ]
	UUID=$(new_uuid)
	nm_create vhost "$UUID" mq && echo_up "$(host_of "$UUID")"
done
remove_mdev "$UUID"

# --- the kernel's driver ------------------------------------------------------------------

# traffic_begin: a flood from guest A to guest B, and the other way round
traffic_begin()
{
	# not by a function: then a shell would be what is killed
	/bin/ip netns exec $NSA udpflood $IPB 9 100000000 & floods=$!
	/bin/ip netns exec $NSB udpflood $IPA 9 100000000 & floods="$floods $!"
	usleep 500000
}

traffic_end()
{
	for _f in $floods; do
		kill "$_f" 2>/dev/null
		wait "$_f"
	done
}

bridge_up mq || fail "two guests are set up at a bridge"
check "guests at a bridge reach each other" ping_both
check_errno "net_mdev cannot be unloaded while a driver uses an instance" EAGAIN \
	rmmod net_mdev
traffic_begin
check "an interface can be set down and up under traffic" eval \
	"for i in 1 2 3; do ip link set dev $HOSTB down && ip link set dev $HOSTB up || exit 1; done"
check "an instance can be removed under traffic" remove_mdev "$UUIDA"
check_not "the interface goes with an instance under traffic" [ -e "/sys/class/net/$HOSTA" ]
put "$(virtio_of "$UUIDB")" /sys/bus/virtio/drivers/virtio_net/unbind
check "the interface loses its carrier when virtio-net is unbound under traffic" \
	wait_for 10 carrier_is "$HOSTB" 0
traffic_end
check "an instance without a driver can be removed" remove_mdev "$UUIDB"
bridge_down

# unbinding the parent takes all away
bridge_up || fail "two guests are set up at a bridge again"
traffic_begin
check "the parent can be unbound under traffic" \
	put net_mdev /sys/bus/platform/drivers/net_mdev/unbind
traffic_end
check_equal "no instance is left" 0 "$(instances)"
bridge_down

vhost_down
