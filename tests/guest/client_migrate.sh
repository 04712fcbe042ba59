#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# only: 6.12 7.2
# slow: debug
# root: 12-backports
# memory: 2048
# timeout: 900
#
# A machine of QEMU 10.0, unmodified, with a card and a disk of class VFIO migrates to
# another QEMU and back under traffic, after migrations that are cancelled and that
# fail.  A machine with a disk in RAM does not migrate, and QEMU says why.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-migrate-qemu.sh

migrate_up
migrate moves clmpm "$CARDS" "$DISKS"
RAM=$(new_uuid)
check "an instance of mvblk in RAM is created" create_blk vfio ram64m "$RAM"
check_log "the log says that a disk in RAM cannot be migrated" \
	"cannot be migrated: its disk is in the memory"
migrate refused "$RAM"
migrate_down
