#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# The kernel's virtio-net with split rings, which it uses where a parent does not offer
# packed rings.  The other virtio_net scripts use packed rings.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
FRAMES=10000
[ "$KERNEL" != debug ] || FRAMES=1000
cd /tmp || exit 1

# Bits 34 and 32; bit 32 is offered nevertheless, because it has to be.
check "mvnet can be loaded with features switched off" \
	modprobe mvnet features_off=0x500000000
net_up "$UUID" || exit 1

# has_bit N: feature bit N was negotiated
has_bit()
{
	[ "$(cut -c $(($1 + 1)) "$DIR/$(virtio_of "$UUID")/features")" = 1 ]
}
check_not "VIRTIO_F_RING_PACKED is not negotiated" has_bit 34
check "VIRTIO_F_VERSION_1 is negotiated although it is switched off" has_bit 32

check "an MTU of 1500 can be set" ip link set dev "$DEV" mtu 1500
check "two macvlan devices can be set up" pair_up "$DEV" 1500
check "ping across split rings is answered" in_ns $NSA ping -c 3 -W 5 $IPB
check "fragmented ping with 8000 bytes across split rings is answered" \
	in_ns $NSA ping -c 3 -W 5 -s 8000 $IPB

dd if=/dev/urandom of=in bs=1M count=8 2>/dev/null
check "8 MB can be sent by TCP through split rings" tcp_copy in out
check "the data sent by TCP through split rings arrives unchanged" cmp in out

check "ethtool -G can set split rings of 32 and 64" \
	ethtool -G "$DEV" rx 32 tx 64
check "ping across small split rings is answered" in_ns $NSA ping -c 3 -W 5 $IPB
# The driver refuses the size and goes on with the ring that it had.
check_not "a split ring whose size is no power of two is refused" \
	ethtool -G "$DEV" rx 100
check "ping is answered after the refused size" in_ns $NSA ping -c 3 -W 5 $IPB
pair_down "$DEV"

arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge "$1" ]
}

echo 1 >"/proc/sys/net/ipv6/conf/$DEV/disable_ipv6"
check "ethtool -L can set 4 queue pairs" ethtool -L "$DEV" combined 4
sleep 1
for size in 60 1500; do
	rx=$(netstat_of "$DEV" rx_packets)
	check "pktgen can be set up for frames of $size bytes" \
		pg_setup "$DEV" "$MAC" \
		$size $FRAMES "queue_map_min 0" "queue_map_max 3"
	check "pktgen ends, $size bytes, 4 queues" pg_run
	check "all frames arrive, $size bytes, 4 queues" \
		wait_for 20 arrived $((rx + FRAMES))
done
check_equal "no virtqueue broke" 0 "$(cat "$DIR"/vq*/errors | sort -u)"
check "pktgen can be unloaded" pg_unload

# The parameter applies to instances that are created from now on.
UUID2=$(new_uuid)
check "the parameter features_off can be set to 0" \
	put 0 /sys/module/mvnet/parameters/features_off
check "a second instance can be created after features_off was cleared" \
	create_net1 virtio "$UUID2"
check "the second instance has a net device" wait_for 10 netdev_of "$UUID2"
check_not "the first instance still has split rings" has_bit 34
DIR=$(instance "$UUID2")
UUID=$UUID2
check "the second instance has packed rings" has_bit 34

unload
