#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2012,SC2086
#
# The commands of docs/net.md for an instance of class VHOST; prints the name of its
# interface, and at last the instance's UUID.
set -ex

modprobe net_mdev
uuid=$(cat /proc/sys/kernel/random/uuid)
echo $uuid > /sys/class/mdev_bus/net_mdev-vhost/mdev_supported_types/mdev_port-net_mdev-one/create
ls /sys/bus/mdev/devices/$uuid/net        # vm0, perhaps

node=/dev/$(ls /sys/bus/mdev_class/devices/$uuid/vhost-mdev)

test -c $node
echo $uuid
