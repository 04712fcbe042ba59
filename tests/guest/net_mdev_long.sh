#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12-net
# memory: 1536
# timeout: 1800
#
# What net_mdev_traffic does, with more of it and by programs of Debian 12: iperf3, 1 GiB
# by TCP compared, ping -f, each offload off by itself at each end, many sizes.
. /tests/lib.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh

MIB=512		# each way

check "a Debian 12 can be mounted" root_up 12-net || exit 1
# no frame is dropped because the machine is busy elsewhere for a second
check "net_mdev can be loaded" modprobe net_mdev mtu=9000 stall=60000 || exit 1
bridge_up mq || {
	fail "two guests are set up at a bridge"
	exit 1
}
mtu_all 1500
check "guests at a bridge reach each other" ping_both || exit 1
mkdir -p $ROOT/run/netns
mount --rbind /run/netns $ROOT/run/netns

# in_root_ns NAMESPACE COMMAND...: of the root
in_root_ns()
{
	_rns=$1
	shift
	in_root_by "/bin/ip netns exec $_rns" "$@"
}

# stream MIB: from guest A to guest B
stream()
{
	rm -f stream.out
	in_root_ns "$NSB" python3 /tests/root/stream.py receive "$IPB" 5002 "$1" \
		>stream.out 2>&1 &
	_receiver=$!
	if wait_for 20 grep -q listening stream.out &&
	   in_root_ns "$NSA" python3 /tests/root/stream.py send "$IPB" 5002 "$1" &&
	   wait $_receiver; then
		return 0
	fi
	cat stream.out
	return 1
}

checks_of python3 /tests/root/iperf.py $NSA $NSB $IPB
for way in there back; do
	check "$MIB MiB by TCP arrive unchanged, $way" stream $MIB
	swap_guests
done

# flood NAMESPACE ADDRESS SIZE: none is lost
flood()
{
	in_root_ns "$1" ping -f -q -c 3000 -W 5 -s "$3" "$2" >flood.out 2>&1
	grep -q ' 0% packet loss' flood.out || {
		cat flood.out
		return 1
	}
}

for size in 18 1400 8000; do
	check "a flood of pings of $size bytes is answered, guest to guest" \
		flood "$NSA" "$IPB" $size
	check "a flood of pings of $size bytes is answered, guest to host" \
		flood "$NSA" $IPHOST $size
done

# --- each offload off, by itself and at one end -------------------------------------

data_of 2048 in
for o in $OFFLOADS; do
	for end in $(ends); do
		case $(offload_state "${end%|*}" "${end#*|}" "$o") in
		off*|*fixed*)	continue ;;
		esac
		check "$o can be switched off, $end" \
			offload "${end%|*}" "${end#*|}" "$o" off
		check "TCP arrives unchanged without $o, $end" copy_both in
		check "all offloads can be switched on again, $end" all_offloads_on
	done
done

for mtu in 1280 1499 1500 1501 4000 9000; do
	check "the MTU can be $mtu" mtu_all $mtu || continue
	check "frames of the largest size pass, MTU $mtu" ping_both -s $((mtu - 28))
	check "TCP arrives unchanged, MTU $mtu" copy_both in
done
check "iperf3's large datagrams pass with large frames" stream 16

bridge_down
umount -l $ROOT/run/netns
root_down
unload
