#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
#
# The kernel's virtio-net drives an instance: frames are sent and come back.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
cd /tmp || exit 1

modprobe mvnet
check "virtio-net drives an instance" net_up "$UUID" || exit 1
net_vars "$UUID"

check_equal "the class driver is virtio_mdev" virtio_mdev "$(driver_of "$UUID")"
check "the instance is running" wait_for 5 state_is "$UUID" running
check_equal "the net device has the MAC address of the instance" \
	"$(cat "$DIR/mac")" "$MAC"
# ethtool has room for 31 characters
check_equal "the driver's bus name is the UUID" "bus-info: ${UUID%?????}" \
	"$(ethtool -i "$DEV" | grep bus-info)"

check "two macvlan devices can be set up" pair_up "$DEV" 1500
check "ping from A to B is answered" in_ns $NSA ping -c 3 -W 5 $IPB
check "ping from B to A is answered" in_ns $NSB ping -c 3 -W 5 $IPA
check "ping with 1400 bytes is answered" in_ns $NSA ping -c 3 -W 5 -s 1400 $IPB
check "fragmented ping with 8000 bytes is answered" \
	in_ns $NSA ping -c 3 -W 5 -s 8000 $IPB

# The unicast filter: nobody here has that address, so the NIC drops the frames.
foreign=02:00:00:00:00:99
rx=$(netstat_of "$DEV" rx_packets)
if check "pktgen can send to a foreign address" \
	pg_setup "$DEV" $foreign 64 1000 && pg_run; then
	check_equal "pktgen sent 1000 frames to a foreign address" \
		1000 "$(pg_sent "$DEV")"
	sleep 1
	got=$(($(netstat_of "$DEV" rx_packets) - rx))
	check "frames to a foreign address are filtered ($got arrived)" \
		test $got -lt 100
	ip link set dev "$DEV" promisc on
	rx=$(netstat_of "$DEV" rx_packets)
	pg_run
	all_there()
	{
		[ $(($(netstat_of "$DEV" rx_packets) - rx)) -ge 1000 ]
	}
	check "frames to a foreign address arrive in promiscuous mode" \
		wait_for 10 all_there
	ip link set dev "$DEV" promisc off
fi
check "pktgen can be unloaded" pg_unload

pair_down "$DEV"
check "the instance can be removed" remove_mdev "$UUID"
check "the net device is removed with the instance" \
	test ! -e "/sys/class/net/$DEV"
unload
