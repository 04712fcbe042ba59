#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 240
#
# Users of the char device that come, go, are killed, or are in the way; and an
# instance that changes hands in between.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "a char device works each time that it is opened" \
	user_net_chardev reuse --count 30 --queue-size 64
check_equal "no page is pinned after a char device was used many times" 0 "$(pinned_pages)"

WAY=--chardev
kill_users user-net 20 net_options
check "frames come back through the char device after users were killed" \
	user_net_chardev traffic --frames 500
check "frames come back through the VFIO device after users of the char device were killed" \
	user_net traffic --frames 500

# modules that are in use
user_start user-net hold
for m in vhost_mdev mdev_vfio mvnet mdev_soft_net mdev_core; do
	check_errno "$m cannot be unloaded while the char device is open" EAGAIN rmmod $m
done
user_kill

# remove while somebody holds it
user_start user-net victim --queue-size 64
remove_mdev "$UUID" &
remover=$!
usleep 500000
check "remove waits for the user of the char device" kill -0 $remover
check_not "an instance that is being removed has no node" [ -n "$(chardev_of "$UUID")" ]
usleep 500000
check_not "a char device that is being removed cannot be opened" \
	user_net_chardev traffic --frames 10
check "the log names the program that the removal waits for" wait_for 20 sh -c \
	'dmesg | grep "the removal waits for user-net\[[0-9]*\] to close the char device"'
check "remove waits while the program keeps the char device open" kill -0 $remover
kill -9 $victim
wait $victim
check "remove ends when the user of the char device is killed" \
	wait_for 30 [ ! -d "$(instance "$UUID")" ]
wait $remover

# unbinding the class driver, and binding it again
UUID=$(new_uuid)
create_net vhost "$UUID"
put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
check_not "an unbound instance has no char device" [ -n "$(chardev_of "$UUID")" ]
put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/bind
check "frames come back through an instance that was bound again" \
	user_net_chardev traffic --frames 500

# to the kernel's driver and back, with traffic after each
modprobe virtio_mdev
modprobe virtio_net

looped()
{
	_rx=/sys/class/net/$1/statistics/rx_packets
	_before=$(cat "$_rx")
	ip link set "$1" up
	# a frame that nobody answers comes back
	/bin/ip addr add 192.0.2.1/24 dev "$1"
	ping -c 3 -W 1 192.0.2.2 >/dev/null 2>&1
	[ "$(cat "$_rx")" -gt "$_before" ]
}

for round in first second; do
	check "the instance goes to virtio_mdev, the $round time" \
		rebind "$UUID" virtio_mdev
	check "the instance runs with virtio_mdev, the $round time" \
		wait_for 10 state_is "$UUID" running
	wait_for 10 netdev_of "$UUID"
	check "frames go out and come in, the $round time" \
		looped "$(netdev_of "$UUID")"
	check "the instance goes back to vhost_mdev, the $round time" \
		rebind "$UUID" vhost_mdev
	check "frames come back through the char device, the $round time" \
		user_net_chardev traffic --frames 500
	check "frames come back through the VFIO device, the $round time" \
		user_net traffic --frames 500
done
vhost_down
