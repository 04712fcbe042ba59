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

modprobe vfio_iommu_type1
check "net_mdev can be loaded" modprobe net_mdev || exit 1
UUID=$(new_uuid)
check "an instance of class VHOST is created" nm_create vhost "$UUID" mq || exit 1
HOST=$(host_of "$UUID")
node=/dev/$(chardev_of "$UUID")
check "a Debian 12 can be mounted" root_up 12 || exit 1
put 128 /proc/sys/vm/nr_hugepages
mkdir -p "$ROOT/dev/hugepages"
mount -t hugetlbfs huge "$ROOT/dev/hugepages"
put 1 "/proc/sys/net/ipv6/conf/$HOST/disable_ipv6"
ip addr add 10.97.0.1/24 dev "$HOST"

# pmd_has PATTERN
pmd_has()
{
	grep -q "$1" pmd.out
}

# check_ping WHAT DEVICE_OPTION...
check_ping()
{
	what=$1
	rm -f pmd.in pmd.out
	mkfifo pmd.in
	in_root node="$node" options="$2" stdbuf -oL \
		sh /tests/root/testpmd.sh <pmd.in >pmd.out 2>&1 &
	_pmd=$!
	exec 4>pmd.in
	check "testpmd starts, $what" wait_for 60 pmd_has 'testpmd> ' ||
		fail "testpmd comes to its prompt, $what" "$(cat pmd.out)"
	echo "set fwd icmpecho" >&4
	echo "start" >&4
	ip link set dev "$HOST" up
	check "the interface has a carrier, $what" wait_for 20 carrier_is "$HOST" 1
	check "testpmd answers a ping, $what" ping -c 3 -W 5 10.97.0.2
	check "testpmd answers a ping of many bytes, $what" \
		ping -c 3 -W 5 -s 1400 10.97.0.2
	echo "stop" >&4
	echo "quit" >&4
	exec 4>&-
	wait $_pmd
	check_equal "testpmd quits with status 0, $what" 0 $?
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

umount "$ROOT/dev/hugepages"
put 0 /proc/sys/vm/nr_hugepages
root_down
vhost_down
