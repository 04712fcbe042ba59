#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# kernels: 6.1
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 600
#
# The virtual machine is stopped, and goes on with devices as they were; and its
# memory map changes under them.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

qemu_tests stop map
