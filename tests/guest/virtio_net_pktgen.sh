#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# Many frames, small and large: each frame that the device accepts arrives.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
FRAMES=20000
[ "$KERNEL" != debug ] || FRAMES=2000

modprobe mvnet
net_up "$UUID" || exit 1

# drops: the number of chains that the NIC could not deliver, of all queues
drops()
{
	cat "$DIR"/vq*/drops | awk '{ n += $1 } END { print n }'
}

arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge "$1" ]
}

# check_frames SIZE QUEUES: send frames of one size on that many queues
check_frames()
{
	_tx=$(netstat_of "$DEV" tx_packets)
	_rx=$(netstat_of "$DEV" rx_packets)
	_drops=$(drops)
	check "pktgen can be set up for frames of $1 bytes, $2 queues" \
		pg_setup "$DEV" "$MAC" \
		"$1" $FRAMES "queue_map_min 0" "queue_map_max $(($2 - 1))" ||
		return
	check "pktgen ends, $1 bytes, $2 queues" pg_run
	check_equal "all frames are sent, $1 bytes, $2 queues" $FRAMES \
		"$(pg_sent "$DEV")"
	check "all frames arrive, $1 bytes, $2 queues" \
		wait_for 20 arrived $((_rx + FRAMES))
	_sent=$(($(netstat_of "$DEV" tx_packets) - _tx))
	_recv=$(($(netstat_of "$DEV" rx_packets) - _rx))
	check_equal "no frame is lost, $1 bytes, $2 queues" $_sent $_recv
	check_equal "no frame is dropped by the NIC, $1 bytes, $2 queues" \
		"$_drops" "$(drops)"
}

# without IPv6 there are only the frames of pktgen
echo 1 >"/proc/sys/net/ipv6/conf/$DEV/disable_ipv6"
sleep 1
check_frames 60 1
check_frames 64 1
check_frames 1500 1
ethtool -L "$DEV" combined 2
check_frames 64 2
check_frames 1500 2
check_equal "no virtqueue broke" 0 "$(cat "$DIR"/vq*/errors | sort -u)"
check "pktgen can be unloaded" pg_unload

remove_mdev "$UUID"
unload
