#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 600
#
# Instances in QEMU are plugged and unplugged by QMP.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

modprobe mvnet doorbell=1
qemu_tests hotplug
