#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154
#
# The command of docs/qemu.md for a network card through VFIO, of the instance $uuid,
# with $options, one word a line.
IFS='
'
qemu-system-x86_64 -M q35 $options \
	-netdev vhost-mdev,sysfsdev=/sys/bus/mdev/devices/$uuid,id=n0 \
	-device virtio-net-pci,netdev=n0
