#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 900
#
# Firmware in QEMU boots from an instance, if bootindex says so.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

qemu_tests boot
