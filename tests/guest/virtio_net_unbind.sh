#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# expect-log: pktgen: WARNING: trying to remove a running interface
#
# Drivers are unbound and instances removed while there is traffic.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
VIRTIO_NET=/sys/bus/virtio/drivers/virtio_net
VIRTIO_MDEV=/sys/bus/mdev_class/drivers/virtio_mdev
cd /tmp || exit 1

modprobe mvnet
net_up "$UUID" || exit 1

# traffic_start: pktgen sends on two queues, without end
traffic_start()
{
	net_vars "$UUID" &&
		ip link set dev "$DEV" up &&
		ethtool -L "$DEV" combined 2 &&
		pg_setup "$DEV" "$MAC" 200 0 "queue_map_min 0" \
			"queue_map_max 1" || return 1
	pg_start &
	PG=$!
	wait_for 10 pg_running "$DEV" 200
}

traffic_stop()
{
	pg_stop
	wait "$PG"
	return 0
}

no_netdev()
{
	! netdev_of "$UUID"
}

# check_traffic WHEN: the net device exists and carries traffic
check_traffic()
{
	check "there is a net device $1" wait_for 10 netdev_of "$UUID" || return
	if traffic_start; then
		pass "the net device carries traffic $1"
	else
		fail "the net device carries traffic $1" "$(cat $PKTGEN/"$DEV")"
	fi
}

check_traffic "at first"
vdev=$(virtio_of "$UUID")
check "virtio-net can be unbound under traffic" put "$vdev" $VIRTIO_NET/unbind
traffic_stop
check "the net device is gone after virtio-net was unbound" wait_for 5 no_netdev
check "the instance is in state setup after virtio-net was unbound" \
	wait_for 5 state_is "$UUID" setup
check "virtio-net can be bound again" put "$vdev" $VIRTIO_NET/bind

check_traffic "after virtio-net was bound again"
check "virtio_mdev can be unbound under traffic" put "$UUID" $VIRTIO_MDEV/unbind
traffic_stop
check_equal "the instance is unbound after virtio_mdev was unbound" \
	unbound "$(state_of "$UUID")"
check_not "an instance without virtio_mdev has no virtio device" \
	virtio_of "$UUID"
check "virtio_mdev can be bound again" put "$UUID" $VIRTIO_MDEV/bind

check_traffic "after virtio_mdev was bound again"
# pktgen must not pin the module, or it could not be unloaded here
check "virtio_net can be unloaded under traffic" rmmod virtio_net
traffic_stop
check "virtio_net can be loaded again" modprobe virtio_net

check_traffic "after virtio_net was loaded again"
check_errno "virtio_mdev cannot be unloaded under traffic" EAGAIN \
	rmmod virtio_mdev
check_errno "mvnet cannot be unloaded under traffic" EAGAIN rmmod mvnet
check "the instance can be removed under traffic" remove_mdev "$UUID"
traffic_stop
check "the removed instance is gone from sysfs" test ! -e "$(instance "$UUID")"

UUID=$(new_uuid)
check "another instance can be created for the unbinding of the parent" \
	create_net virtio "$UUID"
check_traffic "on another instance"
check "the parent can be unbound under traffic" put mvnet0 \
	/sys/bus/platform/drivers/mvnet/unbind
traffic_stop
check_equal "no instance is left after the parent was unbound" 0 "$(instances)"
check "mvnet can be unloaded after the parent was unbound" rmmod mvnet

# The same with TCP connections instead of pktgen.
modprobe mvnet
UUID=$(new_uuid)
check "another instance can be created and used after mvnet was loaded again" \
	net_up "$UUID"
net_vars "$UUID"
check "two macvlan devices can be set up" pair_up "$DEV"
dd if=/dev/zero of=in bs=1M count=64 2>/dev/null
tcp_copy in /dev/null &
copy=$!
flowing()
{
	[ "$(netstat_of "$DEV" rx_bytes)" -gt 1000000 ]
}
check "TCP data flows before the instance is removed" wait_for 20 flowing
check "the instance can be removed under TCP" remove_mdev "$UUID"
kill $copy 2>/dev/null
killall nc 2>/dev/null
wait $copy 2>/dev/null
pair_down "$DEV" 2>/dev/null
check "pktgen can be unloaded" pg_unload
unload
