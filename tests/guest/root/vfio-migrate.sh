#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154
#
# The command of docs/migration.md for an instance of class VFIO, $uuid, with $options,
# one word a line.
IFS='
'
qemu-system-x86_64 -M q35 $options \
	-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/$uuid,enable-migration=on
