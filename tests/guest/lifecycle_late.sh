#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The class driver is loaded after the instance was created, because modprobe is
# disabled at first.
. /tests/lib.sh

UUID=$(new_uuid)
MODPROBE=$(cat /proc/sys/kernel/modprobe)

modprobe mvnet
for class in virtio vhost; do
	check_not "${class}_mdev is not loaded" loaded ${class}_mdev
	echo /bin/false >/proc/sys/kernel/modprobe
	log_mark
	check "create succeeds without ${class}_mdev" create_net $class "$UUID"
	check_equal "the instance is unbound without ${class}_mdev" \
		unbound "$(state_of "$UUID")"
	check_equal "the instance has no driver without ${class}_mdev" \
		"" "$(driver_of "$UUID")"
	check_log "the kernel log says that ${class}_mdev is missing" \
		"load ${class}_mdev"
	echo "$MODPROBE" >/proc/sys/kernel/modprobe

	check "${class}_mdev can be loaded by its alias" \
		modprobe "$(cat "$(instance "$UUID")/modalias")"
	check_equal "${class}_mdev takes the existing instance when it is loaded" \
		${class}_mdev \
		"$(driver_of "$UUID")"
	check "the instance that ${class}_mdev took can be removed" \
		remove_mdev "$UUID"
done
unload
