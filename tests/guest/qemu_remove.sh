#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 900
#
# The host removes instances that QEMU has.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

qemu_instances
qemu_root_up
qemu_test remove
DISK=$(new_uuid)
check "another disk can be created after the removal" \
	create_blk vhost ram64m "$DISK" || exit 1
qemu_test refuse
qemu_instances_down
