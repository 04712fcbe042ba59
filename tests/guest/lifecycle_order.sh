#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 300
#
# Modules are unloaded in every order while instances exist, and the parent is
# unbound and bound again.
. /tests/lib.sh

PARENT=/sys/devices/platform/mvnet0
A=$(new_uuid)
B=$(new_uuid)

load_and_create()
{
	modprobe virtio_net && modprobe mvnet && create_net virtio "$A" && create_net vhost "$B" &&
		wait_for 10 netdev_of "$A" &&
		ip link set dev "$(netdev_of "$A")" up
}

# unbind_virtio_net: unbind virtio_net, because a module that a driver uses cannot be unloaded
unbind_virtio_net()
{
	put "$(virtio_of "$A")" /sys/bus/virtio/drivers/virtio_net/unbind
}

# All three modules are unloaded, in each order; mdev_core can only be the last.
for order in "mvnet virtio_mdev vhost_mdev" "mvnet vhost_mdev virtio_mdev" \
	"virtio_mdev mvnet vhost_mdev" "virtio_mdev vhost_mdev mvnet" \
	"vhost_mdev mvnet virtio_mdev" "vhost_mdev virtio_mdev mvnet"; do
	check "instances can be set up before modules are unloaded in order $order" \
		load_and_create || exit 1
	for mod in mvnet virtio_mdev; do
		check_errno "$mod cannot be unloaded while A runs, order $order" \
			EAGAIN rmmod $mod
	done
	check "virtio_net can be unbound from A, order $order" unbind_virtio_net
	for mod in $order; do
		check_errno "mdev_core cannot be unloaded before $mod, order $order" \
			EAGAIN rmmod mdev_core
		check "$mod can be unloaded, order $order" rmmod "$mod"
		case $mod in
		mvnet)
			check_equal "no instance is left after mvnet was unloaded, order $order" \
				0 "$(instances)"
			check "mdev_soft_net can be unloaded after mvnet, order $order" \
				rmmod mdev_soft_net ;;
		virtio_mdev)
			[ ! -e "$(instance "$A")" ] ||
				check_equal "A is unbound after virtio_mdev was unloaded, order $order" \
					unbound "$(state_of "$A")" ;;
		vhost_mdev)
			check "mdev_vfio can be unloaded after vhost_mdev, order $order" \
				rmmod mdev_vfio
			[ ! -e "$(instance "$B")" ] ||
				check_equal "B is unbound after vhost_mdev was unloaded, order $order" \
					unbound "$(state_of "$B")" ;;
		esac
	done
	check "mdev_core can be unloaded last, order $order" rmmod mdev_core
done

check "instances can be set up before the parent is unbound" load_and_create || exit 1
driver=$(readlink -f $PARENT/driver)
for round in 1 2 3; do
	check "the parent can be unbound, round $round" \
		put mvnet0 "$driver/unbind"
	check_equal "no instance is left after the parent was unbound, round $round" \
		0 "$(instances)"
	check_not "no port is left after the parent was unbound, round $round" \
		ls -d $MDEV_BUS/mvnet0-*
	check "the parent can be bound again, round $round" \
		put mvnet0 "$driver/bind"
	check "both ports exist after the parent was bound again, round $round" \
		test -d $MDEV_BUS/mvnet0-virtio -a \
		-d $MDEV_BUS/mvnet0-vhost
	check "instances can be created after the parent was bound again, round $round" \
		load_and_create
done
unload
