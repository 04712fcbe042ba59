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
faults "open, start and traffic of a VFIO fd" "$@" \
	user-net traffic --uuid "$uuid" --frames 64
faults "doorbells, all queues, the control queue" "$@" \
	user-net ctrl --uuid "$uuid" --pairs 8 --mq
faults "open, start and traffic of a char device" "$@" \
	user-net traffic --uuid "$uuid" --frames 64 --chardev
faults "each page mapped by itself" "$@" \
	user-net ctrl --uuid "$uuid" --chardev --pieces --batch
check "a char device works afterwards" \
	user-net traffic --uuid "$uuid" --frames 64 --chardev
check "a VFIO fd works afterwards" user-net traffic --uuid "$uuid" --frames 64
check "class vhost: remove" remove_mdev "$uuid"

# --- the class driver binds by hand ------------------------------------------

uuid=$(new_uuid)
create_net vhost "$uuid"
put "$uuid" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
faults "vhost_mdev binds" \
	-p "$INSTANCES/$uuid/driver" \
	-w "$uuid=/sys/bus/mdev_class/drivers/vhost_mdev/unbind" \
	write "$uuid" /sys/bus/mdev_class/drivers/vhost_mdev/bind
check "class vhost: remove" remove_mdev "$uuid"

# --- the parent --------------------------------------------------------------

put mvnet0 /sys/bus/platform/drivers/mvnet/unbind
# not its link in /sys/class/mdev_bus, which mdev does without
faults "the parent driver binds" \
	-p /sys/bus/platform/devices/mvnet0/driver \
	-p /sys/devices/platform/mvnet0/mdev_port/mvnet0-vhost/mdev_supported_types \
	-w "mvnet0=/sys/bus/platform/drivers/mvnet/unbind" \
	write mvnet0 /sys/bus/platform/drivers/mvnet/bind
check "the parent driver binds afterwards" \
	put mvnet0 /sys/bus/platform/drivers/mvnet/bind

failslab_end
