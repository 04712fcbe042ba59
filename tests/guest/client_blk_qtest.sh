#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12-backports
# memory: 2048
# timeout: 600
#
# The same QEMU and disk, whose driver is a program on the qtest socket: one of
# four queues is used.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1
new_blk ram64m
check "a Debian 12 can be mounted" root_up 12-backports || exit 1
# shellcheck disable=SC3045 # busybox has it
ulimit -l unlimited
checks_of python3 /tests/root/disk.py disk.sh "$NODE"
check_equal "the instance is idle after QEMU's end" idle "$(state_of "$UUID")"
root_down
blk_down
