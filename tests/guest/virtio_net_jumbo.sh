#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# Jumbo frames: packets of 9000 bytes arrive whole.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
cd /tmp || exit 1

modprobe mvnet
net_up "$UUID" || exit 1

check "an MTU of 9000 can be set" ip link set dev "$DEV" mtu 9000
check_not "an MTU of 9001 is refused" ip link set dev "$DEV" mtu 9001
check "two macvlan devices can be set up" pair_up "$DEV" 9000 || exit 1
in_ns $NSA ethtool -K vepaa tso off gso off >/dev/null
in_ns $NSB ethtool -K vepab tso off gso off >/dev/null
check "ping across jumbo devices is answered" \
	in_ns $NSA ping -c 2 -W 5 $IPB || exit 1

# ip_counter NAMESPACE NAME: of /proc/net/snmp
ip_counter()
{
	in_ns "$1" cat /proc/net/snmp | awk -v name="$2" '
		$1 == "Ip:" && !head { split($0, h); head = 1; next }
		$1 == "Ip:" { for (i in h) if (h[i] == name) print $i }'
}

# 8972 bytes of data, 8 of ICMP header and 20 of IP header make 9000.
check "ping with packets of 9000 bytes is answered" \
	in_ns $NSA ping -c 5 -W 5 -s 8972 $IPB
check_equal "no packet of 9000 bytes was fragmented" \
	0 "$(ip_counter $NSA FragCreates)"
check_equal "no packet of 9000 bytes had to be reassembled" \
	0 "$(ip_counter $NSB ReasmReqds)"

# The longest frame that the NIC can have: 9000 bytes and the Ethernet header.
rx=$(netstat_of "$DEV" rx_packets)
rxb=$(netstat_of "$DEV" rx_bytes)
arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge $((rx + 1000)) ]
}
if check "pktgen can send frames of 9014 bytes" \
	pg_setup "$DEV" "$MAC" 9014 1000 && pg_run; then
	check_equal "pktgen sent 1000 frames of 9014 bytes" \
		1000 "$(pg_sent "$DEV")"
	check "1000 frames of 9014 bytes arrived" wait_for 20 arrived
	avg=$((($(netstat_of "$DEV" rx_bytes) - rxb) /
	       ($(netstat_of "$DEV" rx_packets) - rx)))
	check "frames of 9014 bytes arrived whole ($avg bytes on average)" \
		test $avg -ge 8990
fi
check "pktgen can be unloaded" pg_unload

dd if=/dev/urandom of=in bs=1M count=16 2>/dev/null
check "16 MB can be sent by TCP in jumbo frames" tcp_copy in out
check "the data sent by TCP in jumbo frames arrives unchanged" cmp in out

pair_down "$DEV"
remove_mdev "$UUID"
unload
