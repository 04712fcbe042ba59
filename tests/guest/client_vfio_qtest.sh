#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12
# memory: 2048
# timeout: 900
#
# QEMU of Debian 12, unmodified, with instances of class VFIO as vfio-pci: a card, a
# disk and an entropy device, whose driver is a program on the qtest socket.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-vfio-pci.sh

vfio_qtest 12
