#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# Modules are unloaded in every order, with instances there, and the parent is
# unbound and bound.
. /tests/lib.sh

PARENT=/sys/devices/platform/mvnet0
A=$(new_uuid)
B=$(new_uuid)

setup()
{
	modprobe virtio_net && modprobe mvnet && create_net virtio "$A" && create_net vhost "$B" &&
		wait_for 10 netdev_of "$A" &&
		ip link set dev "$(netdev_of "$A")" up
}

# all three, in each order; mdev_core can only be the last
# nothing uses the instances: a module that a driver needs does not go
idle()
{
	put "$(virtio_of "$A")" /sys/bus/virtio/drivers/virtio_net/unbind
}

for order in "mvnet virtio_mdev vhost_mdev" "mvnet vhost_mdev virtio_mdev" \
	"virtio_mdev mvnet vhost_mdev" "virtio_mdev vhost_mdev mvnet" \
	"vhost_mdev mvnet virtio_mdev" "vhost_mdev virtio_mdev mvnet"; do
	check "set up for $order" setup || exit 1
	for mod in mvnet virtio_mdev; do
		check_errno "$mod is in use while A runs, before $order" EAGAIN \
			rmmod $mod
	done
	check "virtio_net lets go of A, before $order" idle
	for mod in $order; do
		check_errno "mdev_core is in use before $mod goes, of $order" \
			EAGAIN rmmod mdev_core
		check "$mod goes, of $order" rmmod "$mod"
		case $mod in
		mvnet)
			check_equal "then no instance is left, of $order" 0 \
				"$(instances)" ;;
		virtio_mdev)
			[ ! -e "$(instance "$A")" ] ||
				check_equal "then A is unbound, of $order" \
					unbound "$(state_of "$A")" ;;
		vhost_mdev)
			check "mdev_vfio goes after it, of $order" rmmod mdev_vfio
			[ ! -e "$(instance "$B")" ] ||
				check_equal "then B is unbound, of $order" \
					unbound "$(state_of "$B")" ;;
		esac
	done
	check "mdev_core goes at last, of $order" rmmod mdev_core
done

check "set up for the parent's unbinding" setup || exit 1
driver=$(readlink -f $PARENT/driver)
for round in 1 2 3; do
	check "the parent can be unbound, $round" put mvnet0 "$driver/unbind"
	check_equal "no instance is left, $round" 0 "$(instances)"
	check_not "no port is left, $round" ls -d $MDEV_BUS/mvnet0-*
	check "the parent can be bound, $round" put mvnet0 "$driver/bind"
	check "the ports are back, $round" test -d $MDEV_BUS/mvnet0-virtio -a \
		-d $MDEV_BUS/mvnet0-vhost
	check "instances can be created, $round" setup
done
unload
