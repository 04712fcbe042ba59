#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# driver_override: an instance changes hands between the class drivers.
. /tests/lib.sh

UUID=$(new_uuid)
DIR=$(instance "$UUID")
DRIVERS=/sys/bus/mdev_class/drivers

modprobe mvnet
modprobe vhost_mdev
modprobe virtio_mdev
modprobe virtio_net
check "an instance can be created" create_net virtio "$UUID" || exit 1
check_equal "it goes by its class" virtio_mdev "$(driver_of "$UUID")"
check_equal "driver_override is not set" "(null)" "$(cat "$DIR/driver_override")"
check_errno "vhost_mdev does not take it of itself" ENODEV \
	put "$UUID" $DRIVERS/vhost_mdev/bind

for round in first second; do
	check "override to vhost_mdev, $round time" rebind "$UUID" vhost_mdev
	check_equal "vhost_mdev has it, $round time" vhost_mdev \
		"$(driver_of "$UUID")"
	check_equal "driver_override is set, $round time" vhost_mdev \
		"$(cat "$DIR/driver_override")"
	check_equal "the class is what it was, $round time" 2 \
		"$(cat "$DIR/class_id")"
	check_not "there is no virtio device, $round time" virtio_of "$UUID"
	check_equal "it waits for a user, $round time" idle "$(state_of "$UUID")"

	check "override to virtio_mdev, $round time" rebind "$UUID" virtio_mdev
	check_equal "virtio_mdev has it, $round time" virtio_mdev \
		"$(driver_of "$UUID")"
	check "it runs, $round time" wait_for 10 state_is "$UUID" running
done

# The bus has nothing to say about a name that it does not know
put "$UUID" "$DIR/driver/unbind"
put nonsense "$DIR/driver_override"
put "$UUID" /sys/bus/mdev_class/drivers_probe
check_equal "a name of no driver binds none" "" "$(driver_of "$UUID")"
check_errno "not by hand, either" ENODEV put "$UUID" $DRIVERS/virtio_mdev/bind
check "driver_override can be cleared" put "" "$DIR/driver_override"
check_equal "then it is not set" "(null)" "$(cat "$DIR/driver_override")"
check "then the class counts" put "$UUID" /sys/bus/mdev_class/drivers_probe
check_equal "and virtio_mdev has it" virtio_mdev "$(driver_of "$UUID")"

long=$(head -c 5000 /dev/zero | tr '\0' x)
check_errno "a name without end is refused" EINVAL \
	put "$long" "$DIR/driver_override"
check_equal "and changes nothing" "(null)" "$(cat "$DIR/driver_override")"
check "an override of a bound instance can be set" \
	put vhost_mdev "$DIR/driver_override"
check_equal "and leaves the driver bound" virtio_mdev "$(driver_of "$UUID")"

# An instance of the other class
other=$(new_uuid)
check "an instance of class vhost can be created" create_net vhost "$other"
check_equal "vhost_mdev has it" vhost_mdev "$(driver_of "$other")"
put "$other" "$(instance "$other")/driver/unbind"
put virtio_mdev "$(instance "$other")/driver_override"
check "it can go to virtio_mdev" put "$other" \
	/sys/bus/mdev_class/drivers_probe
check "and has a net device" wait_for 10 netdev_of "$other"
check "it can be removed" remove_mdev "$other"

check "the instance can be removed" remove_mdev "$UUID"
unload
