#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The class driver comes after the instance: nothing to load it with at first.
. /tests/lib.sh

UUID=$(new_uuid)
MODPROBE=$(cat /proc/sys/kernel/modprobe)

modprobe mvnet
for class in virtio vhost; do
	check_not "${class}_mdev is not loaded" loaded ${class}_mdev
	echo /bin/false >/proc/sys/kernel/modprobe
	log_mark
	check "create succeeds without ${class}_mdev" create_net $class "$UUID"
	check_equal "the instance is unbound" unbound "$(state_of "$UUID")"
	check_equal "it has no driver" "" "$(driver_of "$UUID")"
	check_log "the kernel log says what is missing" "load ${class}_mdev"
	echo "$MODPROBE" >/proc/sys/kernel/modprobe

	check "${class}_mdev can be loaded by its alias" \
		modprobe "$(cat "$(instance "$UUID")/modalias")"
	check_equal "then it takes the instance" ${class}_mdev \
		"$(driver_of "$UUID")"
	check "the instance can be removed" remove_mdev "$UUID"
done
unload
