#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# devices: hardware
# timeout: 300
#
# A function is reset under its users: through its file in sysfs, by the bus after
# an error, and when the host shuts down.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

modprobe vp_mdev
modprobe virtio_net
modprobe virtio_blk
modprobe vfio_iommu_type1
NIC=$(hw_plugged) || exit 1
DISK_FUNCTION=$(hw_behind $HW_DISK_PORT) || exit 1

# reset_function FUNCTION
reset_function()
{
	put 1 "$PCI/devices/$1/reset"
}

# remove_instance WHAT: the instance UUID
remove_instance()
{
	check "the instance can be removed, $1" remove_mdev "$UUID"
	check_equal "no page is pinned after the removal, $1" 0 "$(pinned_pages)"
}

# --- virtio-net: its driver is bound again ---------------------------------------

# net_with_traffic WHAT: with traffic
net_with_traffic()
{
	net_vars "$UUID"
	check "the network device can be set up, $1" hw_net_online
	downloads_for_ever >/dev/null 2>&1 &
	downloader=$!
	check "the network device has traffic, $1" wait_for 30 hw_net_busy
	log_mark
}

bound_again()
{
	log_new | grep "the virtio driver is bound again" &&
		net_vars "$UUID" && state_is "$UUID" running
}

# check_net_again WHAT
check_net_again()
{
	check "virtio-net is bound again, $1" wait_for 30 bound_again
	kill $downloader
	net_vars "$UUID"
	check "ip link answers, $1" timeout 60 /bin/ip link set dev "$DEV" up
	check "the network device can be set up again, $1" hw_net_online
	check "the router answers a ping after the reset, $1" ping -c 2 -W 10 $HW_ROUTER
}

new_hw_instance "$NIC" virtio "virtio-net"
net_with_traffic "virtio-net"
check "the function can be reset, virtio-net" reset_function "$NIC"
check_net_again "virtio-net"
remove_instance "virtio-net"

# --- virtio-blk: requests wait -------------------------------------------------

new_hw_instance "$DISK_FUNCTION" virtio "virtio-blk"
check "virtio-blk drives the function's disk" wait_for 20 blk_vars "$UUID" || exit 1
blk_vars "$UUID"
random_file /tmp/sent 2
check "the disk can be written" put_range /tmp/sent 0 2097152
reads_for_ever "$DEV" >/tmp/reads.out 2>&1 &
reader=$!
check "the function can be reset, virtio-blk" reset_function "$DISK_FUNCTION"
check "the function can be reset once more, virtio-blk" reset_function "$DISK_FUNCTION"
check_equal "the disk is live after two resets" running "$(state_of "$UUID")"
kill $reader
check "reads end after two resets of their disk" wait_for 20 reads_ended
check_equal "no read fails because of resets of its disk" "" "$(cat /tmp/reads.out)"
check "the disk has what was written before" same /tmp/sent
check "virtio-blk can be unbound" \
	put "$(virtio_of "$UUID")" $VIRTIO_BLK/unbind
check "the function can be reset without a driver" reset_function "$DISK_FUNCTION"
check "virtio-blk can be bound" put "$(virtio_of "$UUID")" $VIRTIO_BLK/bind
check "the disk exists when virtio-blk is bound again" wait_for 20 blk_vars "$UUID"
remove_instance "virtio-blk"

# --- programs ------------------------------------------------------------------

# check_user_without_notice: a program that does not look at its device
check_user_without_notice()
{
	check_user_hw_runs "a program that takes no notice of a reset runs" hold || exit 1
	check "the function can be reset though its program takes no notice" \
		reset_function "$NIC"
	check_equal "the instance's state in sysfs is broken after the reset" \
		broken "$(state_of "$UUID")"
	kill -9 $victim
	wait $victim
	check "the instance is idle when the program is gone" \
		wait_for 10 state_is "$UUID" idle
	check "another program works after the reset" user_hw traffic --frames 20
}

for WAY in "" --chardev; do
	mode=${WAY:-VFIO}
	new_hw_instance "$NIC" vhost "$mode"
	check "the function can be reset without a user, $mode" reset_function "$NIC"
	check_equal "the state without a user is as before, $mode" \
		idle "$(state_of "$UUID")"
	check_user_hw_runs "a program has traffic before the reset, $mode" lost || exit 1
	log_mark
	check "the function can be reset, $mode" reset_function "$NIC"
	check_came_back $victim /tmp/victim.out "$mode"
	check_log "the log says that a function with a driver was reset, $mode" \
		"was reset with a driver on it"
	[ -n "$WAY" ] || check_user_without_notice
	remove_instance "$mode"
done

# --- an error of the bus -------------------------------------------------------

# inject_error DEVICE NAME: of QEMU's device
inject_error()
{
	monitor_tell pcie_aer_inject_error "$1" "$2"
	wait_for 30 recovered
}

recovered()
{
	log_new | grep "AER: device recovery successful"
}

WAY=--chardev
mode="a fatal error, a program"
new_hw_instance "$NIC" vhost "$mode"
check_user_hw_runs "a program has traffic before the reset, $mode" lost || exit 1
log_mark
check "the function recovers from the injected error, $mode" inject_error plug MALF_TLP
check_came_back $victim /tmp/victim.out "$mode"
remove_instance "$mode"
new_hw_instance "$NIC" virtio "a fatal error, virtio-net"
net_with_traffic "a fatal error, virtio-net"
check "the function of virtio-net recovers from a fatal error" inject_error plug MALF_TLP
check_net_again "a fatal error, virtio-net"
log_mark
check "the function recovers from an error that is not fatal" inject_error plug COMP_TIME
check_equal "virtio-net's device is live after an error that is not fatal" \
	running "$(state_of "$UUID")"
check "the router answers a ping after an error that is not fatal" \
	ping -c 2 -W 10 $HW_ROUTER
remove_instance "errors"

new_hw_instance "$DISK_FUNCTION" virtio "a fatal error, virtio-blk"
check "virtio-blk drives the disk" wait_for 20 blk_vars "$UUID" || exit 1
blk_vars "$UUID"
log_mark
check "the function of virtio-blk recovers from a fatal error" \
	inject_error portdisk MALF_TLP
check "an idle disk has its data after a fatal error" same /tmp/sent
remove_instance "a fatal error, virtio-blk"

# --- the host shuts down -------------------------------------------------------

# shut_down FUNCTION
shut_down()
{
	modprobe mvshutdown function="$1" && rmmod mvshutdown
}

WAY=
new_hw_instance "$NIC" vhost "shutdown, VFIO"
check_user_hw_runs "a program has traffic before the shutdown" hold || exit 1
check "the function of a program can be shut down" shut_down "$NIC"
check_equal "the shutdown resets the function of a program" broken "$(state_of "$UUID")"
kill -9 $victim
wait $victim
check "the instance is idle when the user of a function that was shut down ends" \
	wait_for 10 state_is "$UUID" idle
remove_instance "shutdown, VFIO"
check "a function that was shut down can be bound again" hw_bind "$NIC"

new_hw_instance "$NIC" virtio "shutdown, virtio-net"
net_with_traffic "shutdown, virtio-net"
check "the function of virtio-net can be shut down" shut_down "$NIC"
check_equal "the shutdown resets the function of virtio-net" \
	broken "$(state_of "$UUID")"
check "ip link ends on a function that was shut down" \
	timeout 60 /bin/ip link set dev "$DEV" promisc on
kill $downloader
remove_instance "shutdown, virtio-net"
for function in $NIC $DISK_FUNCTION; do
	check "virtio_pci takes $function back" hw_return "$function"
done
unload
