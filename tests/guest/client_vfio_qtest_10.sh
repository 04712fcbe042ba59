#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# only: 6.12 7.2
# slow: debug
# root: 12-backports
# memory: 2048
# timeout: 900
#
# The same as client_vfio_qtest, with QEMU of Debian 12's backports.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-vfio-pci.sh

vfio_qtest 12-backports
