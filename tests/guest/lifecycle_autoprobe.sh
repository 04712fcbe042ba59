#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# With drivers_autoprobe of the bus set to 0, an instance is configured before a class
# driver binds to it, so that the driver finds what was set.  The links of an instance
# are checked, too.
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
# so that the instance is bound as soon as it is on the bus
modprobe virtio_mdev

# sysfs numbers files in the order in which it makes them, and the uevent is sent
# before a driver is bound.
check "an instance can be created" create_net virtio "$UUID" || exit 1
check_equal "the bus binds an instance when drivers_autoprobe is 1" \
	virtio_mdev "$(driver_of "$UUID")"
for link in "$DIR/mdev" "$MDEVS/$UUID/instance"; do
	check "the link ${link##*/} is older than the binding" \
		test "$(inode "$link")" -lt "$(inode "$DIR/driver")"
done
check_equal "the link instance in the mdev's directory leads to the instance" \
	"$(readlink -f "$DIR")" "$(readlink -f "$MDEVS/$UUID/instance")"
check_errno "a bound instance cannot be bound again by its bind file" EBUSY \
	put 1 "$DIR/bind"
check "the bound instance can be removed" remove_mdev "$UUID"
check "the class driver can be unloaded" rmmod virtio_mdev

check "drivers_autoprobe can be set to 0" put 0 $BUS/drivers_autoprobe
log_mark
check "an instance can be created when drivers_autoprobe is 0" \
	create_net virtio "$UUID"
check_equal "the instance is unbound when drivers_autoprobe is 0" \
	unbound "$(state_of "$UUID")"
check "the class driver is loaded even if drivers_autoprobe is 0" \
	loaded virtio_mdev
check_log "the kernel log says why the instance is unbound" \
	"$UUID: not bound, because drivers_autoprobe"
check "another class driver can be loaded" modprobe vhost_mdev
check_equal "the instance stays unbound when another class driver is loaded" \
	"" "$(driver_of "$UUID")"
check "the MAC address of the unbound instance can be set" \
	put 02:00:00:00:22:01 "$DIR/mac"
check "the MTU of the unbound instance can be set" put 1400 "$DIR/mtu"
check "the instance can be bound with the driver's bind file" \
	put "$UUID" $BUS/drivers/virtio_mdev/bind
check "the instance has a net device after it was bound" \
	wait_for 10 netdev_of "$UUID"
net_vars "$UUID"
check_equal "the net device has the MAC address that was set" \
	02:00:00:00:22:01 "$MAC"
check_equal "the net device has the MTU that was set" 1400 \
	"$(cat "/sys/class/net/$DEV/mtu")"

# with the bind file of the instance, which does not need the name of a driver
for class in virtio vhost; do
	uuid=$(new_uuid)
	dir=$(instance "$uuid")
	check "an instance of class $class is created unbound" \
		create_net $class "$uuid"
	check_errno "the instance's bind file refuses 0, class $class" EINVAL \
		put 0 "$dir/bind"
	check_equal "the instance is unbound after its bind file refused 0, class $class" \
		"" \
		"$(driver_of "$uuid")"
	check "the instance can be bound with its bind file, class $class" \
		put 1 "$dir/bind"
	check_equal "the bind file binds the driver of the class, class $class" \
		${class}_mdev "$(driver_of "$uuid")"
	check "the instance can be removed, class $class" remove_mdev "$uuid"
done

# a driver that refuses the instance; then no driver at all
modprobe mvbad
uuid=$(new_uuid)
check "an instance that no driver takes can be created" \
	create mvbad-virtio '*-legacy' "$uuid"
check_errno "the bind file returns the errno of a driver that refuses" EINVAL \
	put 1 "$(instance "$uuid")/bind"
put nonsense "$(instance "$uuid")/driver_override"
check_errno "the bind file returns ENODEV if there is no driver" ENODEV \
	put 1 "$(instance "$uuid")/bind"
check "an instance that no driver took can be removed" remove_mdev "$uuid"
check_equal "the link instance is removed with the instance" "" \
	"$(find $MDEVS/ -name instance | grep "$uuid")"

# an instance is bound without further action again
check "drivers_autoprobe can be set to 1" put 1 $BUS/drivers_autoprobe
uuid=$(new_uuid)
check "an instance can be created after drivers_autoprobe was set to 1" \
	create_net vhost "$uuid"
check_equal "the bus binds an instance after drivers_autoprobe was set to 1" \
	vhost_mdev "$(driver_of "$uuid")"
unload
