#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Allocations fail in create, and as the kernel's driver binds and starts.
#
# only: debug
# leaks: apart
# timeout: 600
# expect-log: FAULT_INJECTION|virtio_net.*probe .*failed with error -12|kmemleak: Cannot allocate
. /tests/lib-failslab.sh

failslab_begin

# --- create, and all that it brings about ------------------------------------

for class in virtio vhost; do
	uuid=$(new_uuid)
	dir=$(type_dir mvnet0-$class '*-net1')
	faults "create of class $class cleans up after each allocation that fails" \
		-e $INSTANCES -e $MDEVS \
		-p "$INSTANCES/$uuid/driver" \
		-w "1=$MDEVS/$uuid/remove" write "$uuid" "$dir/create"
	check "an instance of class $class can be created after allocations failed" \
		create_net $class "$uuid"
	check "an instance of class $class can be removed after allocations failed" \
		remove_mdev "$uuid"
done

# --- virtio: the kernel's driver binds and starts ----------------------------

uuid=$(new_uuid)
create_net1 virtio "$uuid"
vdev=$(virtio_of "$uuid")
# virtio_net comes after ours, so its own allocations are out of range; those
# of ours that it asks for are what is meant
check "virtio_net can be loaded" modprobe virtio_net
wait_for 10 netdev_of "$uuid"
check "virtio_net has a net device before allocations fail" netdev_of "$uuid"
put "$vdev" /sys/bus/virtio/drivers/virtio_net/unbind
faults "a bind of virtio_net cleans up after each allocation that fails" \
	-p "/sys/bus/virtio/devices/$vdev/driver" \
	-w "$vdev=/sys/bus/virtio/drivers/virtio_net/unbind" \
	write "$vdev" /sys/bus/virtio/drivers/virtio_net/bind
check "virtio_net can be bound after allocations failed" \
	put "$vdev" /sys/bus/virtio/drivers/virtio_net/bind
check "the instance of virtio_net can be removed" remove_mdev "$uuid"

failslab_end
