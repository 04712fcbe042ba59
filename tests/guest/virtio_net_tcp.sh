#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# Data sent by TCP through the NIC is compared byte for byte: with TSO, where frames
# are not segmented, without TSO, and without any offload.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
MB=16
cd /tmp || exit 1

modprobe mvnet
net_up "$UUID" || exit 1
# the device suggests an MTU of 9000
check "an MTU of 1500 can be set" ip link set dev "$DEV" mtu 1500
check "two macvlan devices can be set up" pair_up "$DEV" 1500 || exit 1
check "ping across is answered" in_ns $NSA ping -c 2 -W 5 $IPB || exit 1

dd if=/dev/urandom of=in bs=1M count=$MB 2>/dev/null

# tx_frames: the number of frames sent, on all pairs
tx_frames()
{
	_n=0
	for _i in 0 1 2 3 4 5 6 7; do
		_n=$((_n + $(vqstat "$DIR" "$(txq $_i)" chains)))
	done
	echo $_n
}

# transfer HOW: send a file from namespace A to B; sets FRAMES
transfer()
{
	_before=$(tx_frames)
	rm -f out
	check "$MB MB can be sent by TCP, $1" tcp_copy in out
	check "the data sent by TCP arrives unchanged, $1" cmp in out
	FRAMES=$(($(tx_frames) - _before))
}

feature()
{
	ethtool -k "$DEV" | sed -n "s/^[[:space:]]*$1: \\([a-z]*\\).*/\\1/p"
}

check_equal "TSO is on by default" on "$(feature tcp-segmentation-offload)"
# On a slow machine TCP paces itself, and makes its frames smaller to do so.
in_ns $NSA sh -c 'echo 16 >/proc/sys/net/ipv4/tcp_min_tso_segs'
transfer "with TSO"
check "with TSO there were fewer frames than segments ($FRAMES)" \
	test $FRAMES -lt $((MB * 1048576 / 1448))

check "TSO can be switched off" ethtool -K "$DEV" tso off gso off
in_ns $NSA ethtool -K vepaa tso off gso off >/dev/null
in_ns $NSB ethtool -K vepab tso off gso off >/dev/null
transfer "without TSO"
check "without TSO there was a frame for each segment ($FRAMES)" \
	test $FRAMES -ge $((MB * 1048576 / 1448))

MB=4
head -c $((MB * 1048576)) in >in4
mv in4 in
check "all other offloads can be switched off" \
	ethtool -K "$DEV" tx off sg off gro off
transfer "without any offload"

pair_down "$DEV"
remove_mdev "$UUID"
unload
