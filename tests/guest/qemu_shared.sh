#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# kernels: 6.1
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 600
#
# Two instances in one QEMU share a container, a balloon keeps its hands off their
# memory, and QEMU is killed.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

qemu_tests shared balloon killed
