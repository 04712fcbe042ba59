#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# kernels: 6.1
# timeout: 300
#
# Rings are resized while there is traffic, for which single queues are reset.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
cd /tmp || exit 1

modprobe mvnet
net_up "$UUID" || exit 1

# ring rx|tx: the current size
ring()
{
	ethtool -g "$DEV" | awk -v "key=$(echo "$1" | tr '[:lower:]' '[:upper:]'):" \
		'$1 == key { v = $2 } END { print v }'
}

# has_bit N: feature bit N was negotiated
has_bit()
{
	[ "$(cut -c $(($1 + 1)) "$DIR/$(virtio_of "$UUID")/features")" = 1 ]
}
check "VIRTIO_F_RING_RESET is negotiated" has_bit 40
check "VIRTIO_F_VERSION_1 is negotiated" has_bit 32
check "VIRTIO_F_RING_PACKED is negotiated" has_bit 34
check_not "VIRTIO_F_ACCESS_PLATFORM is not negotiated" has_bit 33
if has_bit 35; then
	note "this kernel knows VIRTIO_F_IN_ORDER"
else
	note "this kernel does not know VIRTIO_F_IN_ORDER"
fi
check_not "VIRTIO_F_NOTIFICATION_DATA is not negotiated" has_bit 38

check "two macvlan devices can be set up" pair_up "$DEV"
max=$(ring rx)
check "the receive ring has 64 descriptors at least ($max)" test "$max" -ge 64

# Resize first without traffic, then under traffic.
check "ethtool -G can set rings of 32 without traffic" \
	ethtool -G "$DEV" rx 32 tx 32
check_equal "the receive ring has 32 descriptors after ethtool -G" \
	32 "$(ring rx)"
check_equal "the transmit ring has 32 descriptors after ethtool -G" \
	32 "$(ring tx)"
check "ping across small rings is answered" in_ns $NSA ping -c 3 -W 5 $IPB
check "ethtool -G can set the largest rings after small ones" \
	ethtool -G "$DEV" rx "$max" tx "$max"
check "ping across large rings is answered" in_ns $NSA ping -c 3 -W 5 $IPB
# A packed ring may have any size.
check "ethtool -G can set packed rings of 100 and 57" \
	ethtool -G "$DEV" rx 100 tx 57
check_equal "the receive ring has 100 descriptors after ethtool -G" \
	100 "$(ring rx)"
check_equal "the transmit ring has 57 descriptors after ethtool -G" \
	57 "$(ring tx)"
check "ping across rings of odd sizes is answered" \
	in_ns $NSA ping -c 3 -W 5 $IPB
check "ethtool -G can set the largest rings after odd sizes" \
	ethtool -G "$DEV" rx "$max" tx "$max"
check_not "a ring that is too large is refused" \
	ethtool -G "$DEV" rx $((max * 2))

dd if=/dev/urandom of=in bs=1M count=16 2>/dev/null
tcp_copy in out &
copy=$!
n=0
while kill -0 $copy 2>/dev/null && [ $n -lt 40 ]; do
	for size in 64 "$max" 77 128; do
		ethtool -G "$DEV" rx "$size" tx "$size" || touch failed
		n=$((n + 1))
	done
done
wait $copy
check_equal "TCP ends well while rings are resized $n times" 0 $?
check "every resize of the rings under TCP succeeds" test ! -e failed
check "the data sent by TCP while rings are resized arrives unchanged" \
	cmp in out

check "pktgen can be set up to send without end" pg_setup "$DEV" "$MAC" 64 0
pg_start &
pg=$!
check "pktgen sends before the rings are resized" \
	wait_for 10 pg_running "$DEV" 100
for size in 32 "$max" 64 "$max"; do
	check "ethtool -G can set rings of $size under pktgen" \
		ethtool -G "$DEV" rx "$size" tx "$size"
	now=$(pg_sent "$DEV")
	check "pktgen goes on after the rings were resized to $size" \
		wait_for 10 pg_running "$DEV" "$now"
done
pg_stop
wait $pg
check "pktgen can be unloaded" pg_unload
check_equal "no virtqueue broke" 0 "$(cat "$DIR"/vq*/errors | sort -u)"
check "ping across is answered after all resizes" in_ns $NSA ping -c 3 -W 5 $IPB

pair_down "$DEV"
remove_mdev "$UUID"
unload
