#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# kernels: 6.1
# timeout: 300
#
# Rings of another size while there is traffic: single queues are reset.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
cd /tmp || exit 1

modprobe mvnet
net_up "$UUID" || exit 1

# ring rx|tx: the size now
ring()
{
	ethtool -g "$DEV" | awk -v "key=$(echo "$1" | tr '[:lower:]' '[:upper:]'):" \
		'$1 == key { v = $2 } END { print v }'
}

# has_bit N: of the features that were negotiated
has_bit()
{
	[ "$(cut -c $(($1 + 1)) "$DIR/$(virtio_of "$UUID")/features")" = 1 ]
}
check "VIRTIO_F_RING_RESET is negotiated" has_bit 40
check "VIRTIO_F_VERSION_1 is negotiated" has_bit 32
check "VIRTIO_F_RING_PACKED is negotiated" has_bit 34
check_not "VIRTIO_F_ACCESS_PLATFORM is not" has_bit 33
if has_bit 35; then
	note "this kernel knows VIRTIO_F_IN_ORDER"
else
	note "this kernel does not know VIRTIO_F_IN_ORDER"
fi
check_not "VIRTIO_F_NOTIFICATION_DATA is not" has_bit 38

check "two macvlan devices can be set up" pair_up "$DEV"
max=$(ring rx)
check "the rings have a size ($max)" test "$max" -ge 64

# Before there is traffic, then under it
check "ethtool -G, idle" ethtool -G "$DEV" rx 32 tx 32
check_equal "the receive ring is small" 32 "$(ring rx)"
check_equal "the transmit ring is small" 32 "$(ring tx)"
check "ping across small rings" in_ns $NSA ping -c 3 -W 5 $IPB
check "ethtool -G back" ethtool -G "$DEV" rx "$max" tx "$max"
check "ping across large rings" in_ns $NSA ping -c 3 -W 5 $IPB
# A packed ring may have any size
check "ethtool -G to 100 and 57" ethtool -G "$DEV" rx 100 tx 57
check_equal "the receive ring has 100" 100 "$(ring rx)"
check_equal "the transmit ring has 57" 57 "$(ring tx)"
check "ping across rings of odd sizes" in_ns $NSA ping -c 3 -W 5 $IPB
check "ethtool -G back from them" ethtool -G "$DEV" rx "$max" tx "$max"
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
check_equal "TCP went on while rings were resized $n times" 0 $?
check "every resize went well" test ! -e failed
check "what TCP brought is what it was given" cmp in out

check "pktgen can send" pg_setup "$DEV" "$MAC" 64 0
pg_start &
pg=$!
check "it does" wait_for 10 pg_running "$DEV" 100
for size in 32 "$max" 64 "$max"; do
	check "ethtool -G to $size under pktgen" \
		ethtool -G "$DEV" rx "$size" tx "$size"
	now=$(pg_sent "$DEV")
	check "it goes on sending" wait_for 10 pg_running "$DEV" "$now"
done
pg_stop
wait $pg
check "pktgen can be unloaded" pg_unload
check_equal "no virtqueue broke" 0 "$(cat "$DIR"/vq*/errors | sort -u)"
check "ping across at last" in_ns $NSA ping -c 3 -W 5 $IPB

pair_down "$DEV"
remove_mdev "$UUID"
unload
