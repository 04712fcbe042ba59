#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
#
# Create, remove, and everything in sysfs in between.
. /tests/lib.sh

VIRTIO=/sys/bus/mdev_class/drivers/virtio_mdev
PARENT=/sys/devices/platform/mvnet0
OTHER=12345678-1234-1234-1234-123456789abc

# no udev here that would load it
modprobe virtio_net
check "the parent can be loaded" modprobe mvnet max_instances=3
check "it pulls mdev_core in" loaded mdev_core
check_not "but no class driver" loaded virtio_mdev

# --- types -------------------------------------------------------------------

for class in virtio vhost; do
	port=mvnet0-$class
	check "there is a port $port" test -d "$MDEV_BUS/$port"
	check_equal "it is the parent's child" "$PARENT/mdev_port/$port" \
		"$(readlink -f "$MDEV_BUS/$port")"
	for type in mvnet-net1 mvnet-net8; do
		dir=$MDEV_BUS/$port/mdev_supported_types/mdev_port-$type
		check "$port has $type" test -d "$dir" || continue
		check "$type of $port has a name" test -s "$dir/name"
		check "$type of $port has a description" \
			grep -q . "$dir/description"
		check_equal "$type of $port has 3 instances" 3 \
			"$(cat "$dir/available_instances")"
	done
done
dir=$(type_dir mvnet0-virtio '*-net8')
check_equal "device_api of the virtio port" virtio-mdev \
	"$(cat "$dir/device_api")"
check_equal "device_api of the vhost port" vfio-vhost \
	"$(cat "$(type_dir mvnet0-vhost '*-net8')/device_api")"
check_equal "class_id of the virtio port" 2 \
	"$(cat "$MDEV_BUS/mvnet0-virtio/class_id")"
check_equal "class_id of the vhost port" 3 \
	"$(cat "$MDEV_BUS/mvnet0-vhost/class_id")"

# --- create --------------------------------------------------------------------

uuid=$(new_uuid)
inst=$(instance "$uuid")
check "an instance can be created" create_net virtio "$uuid"
check "its class driver was loaded, with no udev around" loaded virtio_mdev
check_equal "and bound" virtio_mdev "$(driver_of "$uuid")"
check_equal "class_id" 2 "$(cat "$inst/class_id")"
check_equal "virtio_device_id" 1 "$(cat "$inst/virtio_device_id")"
check_equal "modalias" mdev_class:c02 "$(cat "$inst/modalias")"
check "the uevent has the modalias" \
	grep -qx 'MODALIAS=mdev_class:c02' "$inst/uevent"
check_equal "the mdev link" "$(readlink -f "/sys/bus/mdev/devices/$uuid")" \
	"$(readlink -f "$inst/mdev")"
check_equal "the instance is the mdev's child" \
	"$(readlink -f "/sys/bus/mdev/devices/$uuid")" \
	"$(dirname "$(readlink -f "$inst")")"
check "the virtio device is the instance's child" \
	test -d "$inst/$(virtio_of "$uuid")/net"
check "a driver's set-up ends" wait_for 10 state_is "$uuid" running
check_equal "one less is available" 2 "$(cat "$dir/available_instances")"
check_equal "on the port's other type, too" 2 \
	"$(cat "$(type_dir mvnet0-virtio '*-net1')/available_instances")"
check_equal "but not on the other port" 3 \
	"$(cat "$(type_dir mvnet0-vhost '*-net8')/available_instances")"
for counter in kicks signals chains bytes drops errors; do
	check "counter $counter of vq0 is a number" \
		grep -qxE '[0-9]+' "$inst/vq0/$counter"
done
check "the control queue has counters" test -d "$inst/vq16"
check_not "there is no queue after that" test -e "$inst/vq17"

check_errno "its UUID is taken" EEXIST create_net virtio "$uuid"
check_errno "its UUID is taken on the other port, too" EEXIST \
	create_net vhost "$uuid"
for bad in 12345678 "$OTHER-0" "" "${OTHER%c}g" \
	12345678123412341234123456789abc; do
	check_errno "'$bad' is no UUID" EINVAL create_net virtio "$bad"
done
check_not "none of them is there" test -e "$(instance $OTHER)"

second=$(new_uuid)
third=$(new_uuid)
fourth=$(new_uuid)
check "a second instance" create_net1 virtio "$second"
check "a third instance" create_net virtio "$third"
check_equal "none is available" 0 "$(cat "$dir/available_instances")"
log_mark
check_errno "a fourth is past the limit" EUSERS create_net virtio "$fourth"
check_log "the kernel log says so" 'no more instances'
check_not "it is not there" test -e "$(instance "$fourth")"
check_not "nor its mdev" test -e "/sys/bus/mdev/devices/$fourth"
check "the third can be removed" remove_mdev "$third"
check_equal "one is available again" 1 "$(cat "$dir/available_instances")"
check "so the fourth can be created" create_net virtio "$fourth"
check "and removed" remove_mdev "$fourth"
check "the second can be removed" remove_mdev "$second"

# --- bind and unbind ---------------------------------------------------------

check "the class driver can be unbound" put "$uuid" $VIRTIO/unbind
check_equal "then the state is unbound" unbound "$(state_of "$uuid")"
check_not "then there is no virtio device" virtio_of "$uuid"
check_errno "it cannot be unbound twice" ENODEV put "$uuid" $VIRTIO/unbind
check "it can be bound again" put "$uuid" $VIRTIO/bind
check_not "it cannot be bound twice" put "$uuid" $VIRTIO/bind
check "then it runs again" wait_for 10 state_is "$uuid" running

for m in virtio_mdev mvnet; do
	check_errno "$m cannot be unloaded while a driver uses the instance" \
		EAGAIN rmmod $m
done
check "the virtio driver can be unbound" put "$(virtio_of "$uuid")" \
	/sys/bus/virtio/drivers/virtio_net/unbind
check "then the class driver can be unloaded" rmmod virtio_mdev
check_equal "then the state is unbound" unbound "$(state_of "$uuid")"
check "the class driver can be loaded" modprobe virtio_mdev
check_equal "it takes the instance that is there" virtio_mdev \
	"$(driver_of "$uuid")"
check "then it runs again" wait_for 10 state_is "$uuid" running
check "it can be removed" remove_mdev "$uuid"
check_not "it is gone" test -e "$inst"
check_equal "all are available" 3 "$(cat "$dir/available_instances")"

check "the parent can be unloaded" rmmod mvnet
unload
