#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1
# timeout: 180
#
# Rings that are unmapped, and mapped at the same place.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
# would not end in time if each had to wait for a second
check "rings are mapped where they were unmapped, without delay" \
	user_net remap --queue-size 64

unloaded=0
for i in 1 2 3 4 5; do
	user_net remap --count 5 --frames 20 --queue-size 64 >/tmp/remap.out 2>&1 ||
		fail "rings can be mapped again at once after an unmap, $i" "$(cat /tmp/remap.out)"
	rmmod vhost_mdev && rmmod mdev_vfio && unloaded=$((unloaded + 1))
	modprobe vhost_mdev
done
check_equal "vhost_mdev and mdev_vfio were unloaded right after each unmap" 5 $unloaded
vhost_down
