#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
#
# Instances are created and removed, and their files in sysfs are checked.
. /tests/lib.sh

VIRTIO=/sys/bus/mdev_class/drivers/virtio_mdev
PARENT=/sys/devices/platform/mvnet0
OTHER=12345678-1234-1234-1234-123456789abc

# there is no udev here that would load virtio_net
modprobe virtio_net
check "the parent can be loaded" modprobe mvnet max_instances=3
check "loading mvnet loads mdev_core" loaded mdev_core
check_not "loading mvnet loads no class driver" loaded virtio_mdev

# --- types -------------------------------------------------------------------

for class in virtio vhost; do
	port=mvnet0-$class
	check "there is a port $port" test -d "$MDEV_BUS/$port"
	check_equal "port $port is a child of the parent" \
		"$PARENT/mdev_port/$port" \
		"$(readlink -f "$MDEV_BUS/$port")"
	for type in mvnet-net1 mvnet-net8; do
		dir=$MDEV_BUS/$port/mdev_supported_types/mdev_port-$type
		check "port $port has type $type" test -d "$dir" || continue
		check "$type of $port has a name" test -s "$dir/name"
		check "$type of $port has a description" \
			grep -q . "$dir/description"
		check_equal "$type of $port has 3 instances" 3 \
			"$(cat "$dir/available_instances")"
	done
done
dir=$(type_dir mvnet0-virtio '*-net8')
check_equal "device_api of the virtio port is virtio-mdev" virtio-mdev \
	"$(cat "$dir/device_api")"
check_equal "device_api of the vhost port is vfio-vhost" vfio-vhost \
	"$(cat "$(type_dir mvnet0-vhost '*-net8')/device_api")"
check_equal "class_id of the virtio port is 2" 2 \
	"$(cat "$MDEV_BUS/mvnet0-virtio/class_id")"
check_equal "class_id of the vhost port is 3" 3 \
	"$(cat "$MDEV_BUS/mvnet0-vhost/class_id")"

# --- create --------------------------------------------------------------------

uuid=$(new_uuid)
inst=$(instance "$uuid")
check "an instance can be created" create_net virtio "$uuid"
check "creating an instance loads its class driver without udev" \
	loaded virtio_mdev
check_equal "virtio_mdev is bound to the new instance" \
	virtio_mdev "$(driver_of "$uuid")"
check_equal "class_id of the instance is 2" 2 "$(cat "$inst/class_id")"
check_equal "virtio_device_id of the instance is 1" \
	1 "$(cat "$inst/virtio_device_id")"
check_equal "modalias of the instance is mdev_class:c02" \
	mdev_class:c02 "$(cat "$inst/modalias")"
check "the uevent of the instance has the modalias" \
	grep -qx 'MODALIAS=mdev_class:c02' "$inst/uevent"
check_equal "the link mdev of the instance leads to the mdev" \
	"$(readlink -f "/sys/bus/mdev/devices/$uuid")" \
	"$(readlink -f "$inst/mdev")"
check_equal "the instance is the mdev's child" \
	"$(readlink -f "/sys/bus/mdev/devices/$uuid")" \
	"$(dirname "$(readlink -f "$inst")")"
check "the virtio device is the instance's child" \
	test -d "$inst/$(virtio_of "$uuid")/net"
check "the instance is running after a driver has set it up" \
	wait_for 10 state_is "$uuid" running
check_equal "one instance less is available of the type that was created" \
	2 "$(cat "$dir/available_instances")"
check_equal "one instance less is available of the port's other type" 2 \
	"$(cat "$(type_dir mvnet0-virtio '*-net1')/available_instances")"
check_equal "all instances of the other port are still available" 3 \
	"$(cat "$(type_dir mvnet0-vhost '*-net8')/available_instances")"
for counter in kicks signals chains bytes drops errors; do
	check "counter $counter of vq0 is a number" \
		grep -qxE '[0-9]+' "$inst/vq0/$counter"
done
check "the control queue has counters" test -d "$inst/vq16"
check_not "there is no queue after the control queue" test -e "$inst/vq17"

check_errno "a UUID that is in use is refused on the same port" \
	EEXIST create_net virtio "$uuid"
check_errno "a UUID that is in use is refused on the other port" EEXIST \
	create_net vhost "$uuid"
for bad in 12345678 "$OTHER-0" "" "${OTHER%c}g" \
	12345678123412341234123456789abc; do
	check_errno "'$bad' is refused as a UUID" \
		EINVAL create_net virtio "$bad"
done
check_not "no instance was created with a refused UUID" \
	test -e "$(instance $OTHER)"

second=$(new_uuid)
third=$(new_uuid)
fourth=$(new_uuid)
check "a second instance can be created" create_net1 virtio "$second"
check "a third instance can be created" create_net virtio "$third"
check_equal "no instance is available after three were created" \
	0 "$(cat "$dir/available_instances")"
log_mark
check_errno "a fourth instance is refused, because the limit is 3" \
	EUSERS create_net virtio "$fourth"
check_log "the kernel log says that the limit of instances is reached" \
	'no more instances'
check_not "the refused fourth instance does not exist" \
	test -e "$(instance "$fourth")"
check_not "the refused fourth instance left no mdev" \
	test -e "/sys/bus/mdev/devices/$fourth"
check "the third instance can be removed" remove_mdev "$third"
check_equal "one instance is available after the third was removed" \
	1 "$(cat "$dir/available_instances")"
check "a fourth instance can be created after the third was removed" \
	create_net virtio "$fourth"
check "the fourth instance can be removed" remove_mdev "$fourth"
check "the second instance can be removed" remove_mdev "$second"

# --- bind and unbind ---------------------------------------------------------

check "virtio_mdev can be unbound from the instance" put "$uuid" $VIRTIO/unbind
check_equal "the state is unbound after virtio_mdev was unbound" \
	unbound "$(state_of "$uuid")"
check_not "there is no virtio device after virtio_mdev was unbound" \
	virtio_of "$uuid"
check_errno "virtio_mdev cannot be unbound twice" \
	ENODEV put "$uuid" $VIRTIO/unbind
check "virtio_mdev can be bound again" put "$uuid" $VIRTIO/bind
check_not "virtio_mdev cannot be bound twice" put "$uuid" $VIRTIO/bind
check "the instance is running after virtio_mdev was bound again" \
	wait_for 10 state_is "$uuid" running

for m in virtio_mdev mvnet; do
	check_errno "$m cannot be unloaded while a driver uses the instance" \
		EAGAIN rmmod $m
done
check "virtio_net can be unbound from the virtio device" \
	put "$(virtio_of "$uuid")" \
	/sys/bus/virtio/drivers/virtio_net/unbind
check "virtio_mdev can be unloaded after virtio_net was unbound" \
	rmmod virtio_mdev
check_equal "the state is unbound after virtio_mdev was unloaded" \
	unbound "$(state_of "$uuid")"
check "virtio_mdev can be loaded again" modprobe virtio_mdev
check_equal "virtio_mdev takes an existing instance when it is loaded" \
	virtio_mdev \
	"$(driver_of "$uuid")"
check "the instance is running after virtio_mdev was loaded again" \
	wait_for 10 state_is "$uuid" running
check "the instance can be removed" remove_mdev "$uuid"
check_not "the removed instance is gone from sysfs" test -e "$inst"
check_equal "all instances are available after all were removed" \
	3 "$(cat "$dir/available_instances")"

check "the parent can be unloaded" rmmod mvnet
unload
