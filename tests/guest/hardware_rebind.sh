#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# devices: hardware
# timeout: 900
#
# A function goes from one class to the other and back, a hundred times: by removal
# and creation on the other port, and by driver_override.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

FUNCTION=$HW_PAGES
CYCLES=50
modprobe vp_mdev
modprobe virtio_net
modprobe vfio_iommu_type1
check "vp_mdev takes the function" hw_bind $FUNCTION || exit 1

# carries_traffic DRIVER: there is traffic, as that class has it
carries_traffic()
{
	case $1 in
	virtio_mdev)
		net_vars "$UUID" && ip link set dev "$DEV" up &&
			ip addr replace $HW_IP dev "$DEV" &&
			wait_for 10 carrier_is "$DEV" 1 &&
			ping -c 2 -W 10 $HW_ROUTER ;;
	*)
		# in turn
		[ -n "$WAY" ] && WAY= || WAY=--chardev
		user_hw traffic --frames 20 ;;
	esac
}

# other_of CLASS_OR_DRIVER
other_of()
{
	case $1 in
	virtio)		echo vhost ;;
	vhost)		echo virtio ;;
	virtio_mdev)	echo vhost_mdev ;;
	vhost_mdev)	echo virtio_mdev ;;
	esac
}

# by_port: the instance is another one each time
by_port()
{
	[ -z "$UUID" ] || remove_mdev "$UUID" || return 1
	UUID=$(new_uuid)
	create_hw $FUNCTION "$class" "$UUID" &&
		[ "$(driver_of "$UUID")" = "${class}_mdev" ]
}

by_override()
{
	rebind "$UUID" "${class}_mdev"
}

# cycles HOW WHAT: there and back, with traffic now and then
cycles()
{
	_done=0 _traffic=0 _first=$class
	: >/tmp/cycle.out
	while [ $_done -lt $((CYCLES * 2)) ]; do
		class=$(other_of "$class")
		$1 >/tmp/cycle.out 2>&1 || break
		_done=$((_done + 1))
		[ $((_done % 10)) -gt 1 ] && continue
		carries_traffic "${class}_mdev" >/tmp/cycle.out 2>&1 || break
		_traffic=$((_traffic + 1))
	done
	check_equal "all changes of the class were made, $2" $CYCLES $((_done / 2))
	check_equal "all users between the changes had traffic, $2" \
		$((CYCLES * 2 / 5)) $_traffic
	[ $_traffic = $((CYCLES * 2 / 5)) ] ||
		fail "each change of the class succeeds, $2, last $class" "$(cat /tmp/cycle.out)"
	check_equal "an even number of changes ends in the first class, $2" \
		"$_first" "$class"
}

UUID=""
class=virtio
by_port
check_equal "the first instance for driver_override can be created" \
	virtio_mdev "$(driver_of "$UUID")" ||
	exit 1
cycles by_port "by removal and creation"
cycles by_override "by driver_override"
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"

# and from the other one
class=vhost
by_port
check_equal "an instance of class VHOST can be created" vhost_mdev "$(driver_of "$UUID")" ||
	exit 1
CYCLES=5
cycles by_override "from class VHOST, by driver_override"
check "the instance can be removed" remove_mdev "$UUID"
check_equal "a removed instance has no interrupts" 0 "$(hw_vectors $FUNCTION)"
check "virtio_pci takes the function back" hw_return $FUNCTION
unload
