#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Allocations fail as a user opens and starts a VFIO fd or a char device, and as
# drivers bind.
#
# only: debug
# leaks: apart
# timeout: 600
# expect-log: FAULT_INJECTION|kmemleak: Cannot allocate
. /tests/lib-failslab.sh

failslab_begin

# --- a user opens it and starts it -------------------------------------------

uuid=$(new_uuid)
create_net vhost "$uuid"
set -- -k -s "idle=$INSTANCES/$uuid/state"
faults "a user of the VFIO fd survives each allocation that fails" "$@" \
	user-net traffic --uuid "$uuid" --frames 64
faults "a user of all queues of the VFIO fd survives each allocation that fails" "$@" \
	user-net ctrl --uuid "$uuid" --pairs 8 --mq
faults "a user of the char device survives each allocation that fails" "$@" \
	user-net traffic --uuid "$uuid" --frames 64 --chardev
faults "a user that maps each page by itself survives each allocation that fails" "$@" \
	user-net ctrl --uuid "$uuid" --chardev --pieces --batch
check "frames come back through the char device after allocations failed" \
	user-net traffic --uuid "$uuid" --frames 64 --chardev
check "frames come back through the VFIO fd after allocations failed" \
	user-net traffic --uuid "$uuid" --frames 64
check "the instance of class vhost can be removed" remove_mdev "$uuid"

# --- the class driver binds by hand ------------------------------------------

uuid=$(new_uuid)
create_net vhost "$uuid"
put "$uuid" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
faults "a bind of vhost_mdev cleans up after each allocation that fails" \
	-p "$INSTANCES/$uuid/driver" \
	-w "$uuid=/sys/bus/mdev_class/drivers/vhost_mdev/unbind" \
	write "$uuid" /sys/bus/mdev_class/drivers/vhost_mdev/bind
check "the instance of class vhost can be removed" remove_mdev "$uuid"

# --- the parent --------------------------------------------------------------

put mvnet0 /sys/bus/platform/drivers/mvnet/unbind
# not its link in /sys/class/mdev_bus, which mdev does without
faults "a bind of the parent driver cleans up after each allocation that fails" \
	-p /sys/bus/platform/devices/mvnet0/driver \
	-p /sys/devices/platform/mvnet0/mdev_port/mvnet0-vhost/mdev_supported_types \
	-w "mvnet0=/sys/bus/platform/drivers/mvnet/unbind" \
	write mvnet0 /sys/bus/platform/drivers/mvnet/bind
check "the parent driver can be bound after allocations failed" \
	put mvnet0 /sys/bus/platform/drivers/mvnet/bind

failslab_end
