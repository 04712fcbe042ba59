#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# drivers_autoprobe of the bus is 0: an instance is set up before a class driver
# binds to it, so that a driver finds what was set.  And the links of an instance.
. /tests/lib.sh
. /tests/lib-net.sh

BUS=/sys/bus/mdev_class
MDEVS=/sys/bus/mdev/devices
UUID=$(new_uuid)
DIR=$(instance "$UUID")

inode()
{
	stat -c %i "$1"
}

modprobe mvnet
modprobe virtio_net
# so that it is bound as soon as the bus has the instance
modprobe virtio_mdev

# sysfs numbers files in the order in which it makes them, and the uevent is sent
# before a driver is bound.
check "an instance can be created" create_net virtio "$UUID" || exit 1
check_equal "the bus binds it" virtio_mdev "$(driver_of "$UUID")"
for link in "$DIR/mdev" "$MDEVS/$UUID/instance"; do
	check "the link ${link##*/} is older than the binding" \
		test "$(inode "$link")" -lt "$(inode "$DIR/driver")"
done
check_equal "the link instance in the mdev's directory leads to the instance" \
	"$(readlink -f "$DIR")" "$(readlink -f "$MDEVS/$UUID/instance")"
check_errno "a bound instance cannot be bound again by its bind file" EBUSY \
	put 1 "$DIR/bind"
check "it can be removed" remove_mdev "$UUID"
check "the class driver can be unloaded" rmmod virtio_mdev

check "drivers_autoprobe can be set to 0" put 0 $BUS/drivers_autoprobe
log_mark
check "then an instance can be created" create_net virtio "$UUID"
check_equal "it is unbound" unbound "$(state_of "$UUID")"
check "its class driver was loaded nevertheless" loaded virtio_mdev
check_log "the kernel log says why it is unbound" \
	"$UUID: not bound, because drivers_autoprobe"
check "another class driver can be loaded" modprobe vhost_mdev
check_equal "it is still unbound" "" "$(driver_of "$UUID")"
check "the MAC address can be set" put 02:00:00:00:22:01 "$DIR/mac"
check "the MTU can be set" put 1400 "$DIR/mtu"
check "it can be bound by the driver's bind file" \
	put "$UUID" $BUS/drivers/virtio_mdev/bind
check "it has a net device" wait_for 10 netdev_of "$UUID"
net_vars "$UUID"
check_equal "the net device has the MAC address that was set" \
	02:00:00:00:22:01 "$MAC"
check_equal "the net device has the MTU that was set" 1400 \
	"$(cat "/sys/class/net/$DEV/mtu")"

# by the instance's own file, for which no name of a driver is needed
for class in virtio vhost; do
	uuid=$(new_uuid)
	dir=$(instance "$uuid")
	check "an instance of class $class is created unbound" \
		create_net $class "$uuid"
	check_errno "0 is refused by its bind file, class $class" EINVAL \
		put 0 "$dir/bind"
	check_equal "it is unbound after that, class $class" "" \
		"$(driver_of "$uuid")"
	check "it can be bound by its bind file, class $class" put 1 "$dir/bind"
	check_equal "the driver of its class has it, class $class" \
		${class}_mdev "$(driver_of "$uuid")"
	check "it can be removed, class $class" remove_mdev "$uuid"
done

# a driver that refuses, and none
modprobe mvbad
uuid=$(new_uuid)
check "an instance that no driver takes can be created" \
	create mvbad-virtio '*-legacy' "$uuid"
check_errno "its bind file has the errno of the driver" EINVAL \
	put 1 "$(instance "$uuid")/bind"
put nonsense "$(instance "$uuid")/driver_override"
check_errno "its bind file says if there is no driver" ENODEV \
	put 1 "$(instance "$uuid")/bind"
check "it can be removed unbound" remove_mdev "$uuid"
check_equal "the link instance goes with it" "" \
	"$(find $MDEVS/ -name instance | grep "$uuid")"

# nobody has to touch it any more
check "drivers_autoprobe can be set to 1" put 1 $BUS/drivers_autoprobe
uuid=$(new_uuid)
check "then an instance can be created, again" create_net vhost "$uuid"
check_equal "the bus binds it, again" vhost_mdev "$(driver_of "$uuid")"
unload
