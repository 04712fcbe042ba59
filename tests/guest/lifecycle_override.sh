#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# driver_override: an instance is handed from one class driver to the other.
. /tests/lib.sh

UUID=$(new_uuid)
DIR=$(instance "$UUID")
DRIVERS=/sys/bus/mdev_class/drivers

modprobe mvnet
modprobe vhost_mdev
modprobe virtio_mdev
modprobe virtio_net
check "an instance can be created" create_net virtio "$UUID" || exit 1
check_equal "the driver of its class takes an instance without an override" \
	virtio_mdev "$(driver_of "$UUID")"
check_equal "driver_override of a new instance is not set" \
	"(null)" "$(cat "$DIR/driver_override")"
check_errno "vhost_mdev refuses an instance of class virtio without an override" \
	ENODEV \
	put "$UUID" $DRIVERS/vhost_mdev/bind

for round in first second; do
	check "driver_override can hand the instance to vhost_mdev, $round time" \
		rebind "$UUID" vhost_mdev
	check_equal "vhost_mdev has the instance after the override, $round time" \
		vhost_mdev \
		"$(driver_of "$UUID")"
	check_equal "driver_override reads vhost_mdev, $round time" vhost_mdev \
		"$(cat "$DIR/driver_override")"
	check_equal "the class of the instance does not change, $round time" 2 \
		"$(cat "$DIR/class_id")"
	check_not "vhost_mdev leaves no virtio device, $round time" \
		virtio_of "$UUID"
	check_equal "the instance is idle with vhost_mdev, $round time" \
		idle "$(state_of "$UUID")"

	check "driver_override can hand the instance to virtio_mdev, $round time" \
		rebind "$UUID" virtio_mdev
	check_equal "virtio_mdev has the instance after the override, $round time" \
		virtio_mdev \
		"$(driver_of "$UUID")"
	check "the instance is running with virtio_mdev, $round time" \
		wait_for 10 state_is "$UUID" running
done

# The bus accepts any name: it does not know which drivers there will be.
put "$UUID" "$DIR/driver/unbind"
put nonsense "$DIR/driver_override"
put "$UUID" /sys/bus/mdev_class/drivers_probe
check_equal "drivers_probe binds no driver if the override names none" \
	"" "$(driver_of "$UUID")"
check_errno "virtio_mdev cannot be bound by hand if the override names no driver" \
	ENODEV put "$UUID" $DRIVERS/virtio_mdev/bind
check "driver_override can be cleared" put "" "$DIR/driver_override"
check_equal "driver_override is not set after it was cleared" \
	"(null)" "$(cat "$DIR/driver_override")"
check "drivers_probe succeeds after driver_override was cleared" \
	put "$UUID" /sys/bus/mdev_class/drivers_probe
check_equal "drivers_probe binds the driver of the class after the override was cleared" \
	virtio_mdev "$(driver_of "$UUID")"

long=$(head -c 5000 /dev/zero | tr '\0' x)
check_errno "a name of 5000 characters is refused by driver_override" EINVAL \
	put "$long" "$DIR/driver_override"
check_equal "a refused name leaves driver_override unset" \
	"(null)" "$(cat "$DIR/driver_override")"
check "driver_override of a bound instance can be set" \
	put vhost_mdev "$DIR/driver_override"
check_equal "setting driver_override leaves the driver bound" \
	virtio_mdev "$(driver_of "$UUID")"

# An instance of class VHOST is handed to virtio_mdev.
other=$(new_uuid)
check "an instance of class vhost can be created" create_net vhost "$other"
check_equal "vhost_mdev has the instance of class vhost" \
	vhost_mdev "$(driver_of "$other")"
put "$other" "$(instance "$other")/driver/unbind"
put virtio_mdev "$(instance "$other")/driver_override"
check "the instance of class vhost can be handed to virtio_mdev" put "$other" \
	/sys/bus/mdev_class/drivers_probe
check "the instance of class vhost has a net device with virtio_mdev" \
	wait_for 10 netdev_of "$other"
check "the instance of class vhost can be removed" remove_mdev "$other"

check "the instance of class virtio can be removed" remove_mdev "$UUID"

# as docs/ABI has it, and nobody has loaded the other driver
rmmod virtio_mdev
uuid=$(new_uuid)
dir=$(instance "$uuid")
check "an instance can be created for a driver that is not loaded" \
	create_net vhost "$uuid"
put virtio_mdev "$dir/driver_override"
put "$uuid" "$dir/driver/unbind"
check "bind loads the driver that driver_override names" put 1 "$dir/bind"
check_equal "the driver that bind has loaded has the instance" virtio_mdev \
	"$(driver_of "$uuid")"
check "the instance of the driver that was loaded can be removed" \
	remove_mdev "$uuid"
unload
