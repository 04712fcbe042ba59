#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12
# memory: 2048
# timeout: 600
#
# DPDK of Debian 12, unmodified, on the char device, with the host's network stack at the
# other end: testpmd answers pings of the host.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh
. /tests/lib-testpmd.sh

modprobe vfio_iommu_type1
check "net_mdev can be loaded" modprobe net_mdev || exit 1
UUID=$(new_uuid)
check "an instance of class VHOST is created" nm_create vhost "$UUID" mq || exit 1
HOST=$(host_of "$UUID")
node=/dev/$(chardev_of "$UUID")
testpmd_up
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6"
ip addr add 10.97.0.1/24 dev "$HOST"

# check_ping WHAT DEVICE_OPTION...
check_ping()
{
	what=$1
	testpmd_begin "$what" "$2" || return
	echo "set fwd icmpecho" >&4
	echo "start" >&4
	ip link set dev "$HOST" up
	check "the interface has a carrier, $what" wait_for 20 carrier_is "$HOST" 1
	check "testpmd answers a ping, $what" ping -c 3 -W 5 10.97.0.2
	check "testpmd answers a ping of many bytes, $what" \
		ping -c 3 -W 5 -s 1400 10.97.0.2
	echo "stop" >&4
	testpmd_end "$what"
	sed "s/^/$what: /" pmd.out
	check "the interface has no carrier without testpmd, $what" \
		wait_for 10 carrier_is "$HOST" 0
	check "the instance is idle after testpmd's end, $what" \
		wait_for 20 state_is "$UUID" idle
	ip neigh flush dev "$HOST"
}

check_ping "split rings" queue_size=256
check_ping "packed rings" queue_size=256,packed_vq=1
check_ping "control queue" queue_size=256,cq=1

testpmd_down
vhost_down
