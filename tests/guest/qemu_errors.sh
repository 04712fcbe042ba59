#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 900
#
# What QEMU says if it cannot have an instance.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

qemu_instances
qemu_root_up
kernel=$(new_uuid)
check "an instance of class VIRTIO is created" \
	create_net virtio "$kernel" || exit 1
user-net --uuid "$CARD" hold --chardev >hold.out 2>&1 &
holder=$!
check "a program has the char device of the card" \
	wait_for 30 grep -q running hold.out
qemu_test errors "$kernel"
check_log "the log names the program that has the instance open" \
	"user-net\[[0-9]+\] has the instance open"
kill -9 $holder
wait
qemu_test unprivileged yes
# a limit of the shell, which all programs after it would have
(
	ulimit -l 0
	qemu_test unprivileged no
)
qemu_instances_down
