#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 600
#
# Instances behind an IOMMU that QEMU's machine has.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

qemu_tests iommu
