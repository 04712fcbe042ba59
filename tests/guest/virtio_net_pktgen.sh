#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# Many frames, small and large: what the device took is what arrives.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
FRAMES=20000
[ "$KERNEL" != debug ] || FRAMES=2000

modprobe mvnet
net_up "$UUID" || exit 1

# drops: chains that the NIC could not pass on, on any queue
drops()
{
	cat "$DIR"/vq*/drops | awk '{ n += $1 } END { print n }'
}

arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge "$1" ]
}

# blast SIZE QUEUES
blast()
{
	_tx=$(netstat_of "$DEV" tx_packets)
	_rx=$(netstat_of "$DEV" rx_packets)
	_drops=$(drops)
	check "pktgen can send frames of $1 bytes" pg_setup "$DEV" "$MAC" \
		"$1" $FRAMES "queue_map_min 0" "queue_map_max $(($2 - 1))" ||
		return
	check "it does, $1 bytes, $2 queues" pg_run
	check_equal "all are sent, $1 bytes, $2 queues" $FRAMES \
		"$(pg_sent "$DEV")"
	check "all arrive, $1 bytes, $2 queues" \
		wait_for 20 arrived $((_rx + FRAMES))
	_sent=$(($(netstat_of "$DEV" tx_packets) - _tx))
	_recv=$(($(netstat_of "$DEV" rx_packets) - _rx))
	check_equal "none is lost, $1 bytes, $2 queues" $_sent $_recv
	check_equal "none is dropped by the NIC, $1 bytes, $2 queues" \
		"$_drops" "$(drops)"
}

# nothing but pktgen's frames
echo 1 >"/proc/sys/net/ipv6/conf/$DEV/disable_ipv6"
sleep 1
blast 60 1
blast 64 1
blast 1500 1
ethtool -L "$DEV" combined 2
blast 64 2
blast 1500 2
check_equal "no virtqueue broke" 0 "$(cat "$DIR"/vq*/errors | sort -u)"
check "pktgen can be unloaded" pg_unload

remove_mdev "$UUID"
unload
