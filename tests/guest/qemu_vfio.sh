#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 900
#
# Instances of class VFIO in the patched QEMU, which gives their virtqueues eventfds.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh
. /tests/lib-vfio-pci.sh

vfio_instances
qemu_root_up
for _one in notify shared hotplug revoke; do
	vfio_test "$_one"
done
qemu_root_down
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
unload
