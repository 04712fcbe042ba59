#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154,SC3045
#
# The command of docs/qemu.md for a disk, for the device $node and with $options,
# one word a line.
IFS='
'
ulimit -l unlimited
qemu-system-x86_64 -M q35 $options \
	-device vhost-vdpa-device-pci,vhostdev=$node
