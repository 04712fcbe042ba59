#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# expect-log: the device cannot be started
#
# Parents that fail: the writer of "create" gets the error, the kernel log says
# what it was, and nothing is left behind.
. /tests/lib.sh

modprobe mvbad
modprobe virtio_mdev
modprobe virtio_net
PORT=mvbad-virtio

log_mark

# check_fault FAULT ERRNO REGEX
check_fault()
{
	_uuid=$(new_uuid)
	log_mark
	check_errno "create fails for fault $1 with $2" "$2" \
		create $PORT "*-$1" "$_uuid"
	check_log "the kernel log names the cause of fault $1" "$3"
	check "no instance is left of fault $1" test ! -e "$(instance "$_uuid")" \
		-a ! -e "/sys/bus/mdev/devices/$_uuid"
}

available()
{
	cat "$(type_dir $PORT '*-nothing')/available_instances"
}

check_equal "two instances are available" 2 "$(available)"
# more often than there are instances: none is lost
for _i in 1 2 3; do
	check_fault create ENXIO 'cannot make'
done
check_fault no-ops EINVAL 'lacks a required device operation'
check_fault no-api EINVAL 'does not speak version 1'
check_fault no-queues EINVAL 'no virtqueue'
check_fault legacy EINVAL 'VIRTIO_F_VERSION_1'
check_fault reset EIO 'cannot be reset'
check_equal "two instances are available after all faults" 2 "$(available)"

# Without the class driver there is no error yet, there is one when it comes
echo /bin/false >/proc/sys/kernel/modprobe
rmmod virtio_mdev
uuid=$(new_uuid)
check "with no class driver, create succeeds" create $PORT '*-legacy' "$uuid"
check_equal "the instance without a class driver is unbound" unbound "$(state_of "$uuid")"
echo /sbin/modprobe >/proc/sys/kernel/modprobe
check "the class driver can be loaded" modprobe virtio_mdev
check_equal "the class driver does not take the instance" unbound "$(state_of "$uuid")"
check_errno "binding the instance by hand fails, too" EINVAL \
	put "$uuid" /sys/bus/mdev_class/drivers/virtio_mdev/bind
check "the instance can be removed" remove_mdev "$uuid"

# What a virtio driver meets is no error of create
for fault in features queue; do
	uuid=$(new_uuid)
	log_mark
	check "create succeeds with fault $fault" create $PORT "*-$fault" "$uuid"
	check_equal "the virtio driver gave up on fault $fault" failed \
		"$(state_of "$uuid")"
	check_log "the kernel log says what is refused by fault $fault" \
		'device refuses'
	check "the instance can be removed, fault $fault" remove_mdev "$uuid"
done

uuid=$(new_uuid)
log_mark
check "create succeeds with fault start" create $PORT '*-start' "$uuid"
check "the instance has failed" wait_for 5 state_is "$uuid" failed
check_log "the kernel log says that the device cannot be started" \
	'cannot be started: -EFAULT|cannot be started: -14'
check "the instance can be removed, fault start" remove_mdev "$uuid"

uuid=$(new_uuid)
check "create succeeds without a fault" create $PORT '*-nothing' "$uuid"
check_equal "an instance without a fault runs" running "$(state_of "$uuid")"
check "the instance without a fault can be removed" remove_mdev "$uuid"

check "the parent can be unloaded" rmmod mvbad
unload
