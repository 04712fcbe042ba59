#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# devices: hardware
# timeout: 900
#
# A function is unplugged, in the middle of traffic: by the button, so that its
# driver may let go of it, or at once.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

modprobe vp_mdev
modprobe virtio_net
modprobe vfio_iommu_type1

# unplug_and_wait HOW: hw_unplug or hw_yank, and wait until it is over
unplug_and_wait()
{
	"$1" && wait_for 60 hw_unplugged
}

# check_all_gone WHAT
check_all_gone()
{
	check_equal "no instance is left of an unplugged function, $1" 0 "$(instances)"
	check_equal "no page is pinned after the unplug, $1" 0 "$(pinned_pages)"
	check "another function can be plugged in, $1" hw_plug
	check "virtio_pci has the function that was plugged in, $1" \
		wait_for 20 plugged_driver virtio-pci
}

plugged_driver()
{
	[ "$(pci_driver "$(hw_plugged)")" = "$1" ]
}

# --- class VIRTIO ------------------------------------------------------------

net_online()
{
	ip link set dev "$DEV" up && ip addr replace $HW_IP dev "$DEV" &&
		wait_for 10 carrier_is "$DEV" 1
}

# virtio_with_traffic WHAT: the plugged function as an instance of class VIRTIO, with traffic
virtio_with_traffic()
{
	FUNCTION=$(hw_plugged)
	UUID=$(new_uuid)
	check "vp_mdev takes the function, $1" hw_bind "$FUNCTION" || exit 1
	check "an instance of class VIRTIO can be created, $1" \
		create_hw "$FUNCTION" virtio "$UUID" || exit 1
	net_vars "$UUID"
	check "the network device can be set up, $1" net_online
	check "the router answers a ping, $1" ping -c 2 -W 10 $HW_ROUTER
}

# traffic_for_ever: traffic that does not end, in the background
traffic_for_ever()
{
	while :; do
		download /tmp/got
	done >/dev/null 2>&1 &
	traffic=$!
}

net_busy()
{
	[ "$(netstat_of "$DEV" rx_bytes)" -gt 200000 ]
}

for how in hw_yank hw_unplug; do
	virtio_with_traffic "before $how"
	traffic_for_ever
	check "virtio-net has traffic, $how" wait_for 30 net_busy
	check "a function with virtio-net on it goes, $how" unplug_and_wait $how
	kill $traffic
	wait $traffic
	check_not "the network device is gone, $how" \
		test -e "/sys/class/net/$DEV"
	check_all_gone "class VIRTIO, $how"
done

# --- class VHOST -------------------------------------------------------------

# vhost_with_traffic WHAT: the plugged function as an instance of class VHOST, with traffic
vhost_with_traffic()
{
	hw_vhost "$(hw_plugged)" || exit 1
	check "frames come back, $1" user_hw traffic --frames 50
}

# check_user_notices HOW OPTION...: a program notices, lets go, and all is over
check_user_notices()
{
	way_out=$1
	mode="${WAY:-VFIO}, $*"
	shift
	[ "$way_out" != hw_yank ] || set -- "$@" --surprise
	vhost_with_traffic "before, $mode"
	check_user_hw_runs "a program has traffic before the unplug, $mode" gone "$@"
	check "a function with a program on it goes, $mode" unplug_and_wait "$way_out"
	check_ended "a program on an unplugged function notices it and ends, $mode" \
		$victim /tmp/victim.out
	sed "s/^/$mode: /" /tmp/victim.out >&2
	check_all_gone "$mode"
}

for WAY in "" --chardev; do
	check_user_notices hw_yank
	check_user_notices hw_yank --doorbell
done
# the char device has nothing to ask its user by
WAY=
check_user_notices hw_unplug

# --- a user that does not look -----------------------------------------------

# check_user_without_notice HOW: a program goes on until it is killed
check_user_without_notice()
{
	mode="${WAY:-VFIO}, $1"
	vhost_with_traffic "before a user who takes no notice, $mode"
	check_user_hw_runs "a program has traffic before the unplug, $mode" hold
	log_mark
	check "a function with a program on it goes, $mode" "$1"
	check "the log names the program that the removal waits for, $mode" \
		wait_for 30 log_has_waits
	check "a program that takes no notice goes on, $mode" kill -0 $victim
	kill -9 $victim
	wait $victim
	check "the removal ends when its user has ended, $mode" wait_for 60 hw_unplugged
	check_all_gone "a user who takes no notice, $mode"
}

log_has_waits()
{
	log_new | grep "the removal waits for .*to close the"
}

for WAY in "" --chardev; do
	check_user_without_notice hw_yank
	check_user_without_notice hw_unplug
done

virtio_with_traffic "in the end"
check "the instance can be removed" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return "$FUNCTION"
unload
