#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: iommufd
# timeout: 600
#
# Class VFIO: migration with memory of an iommufd, and the log of DMA that goes with it.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh
. /tests/lib-migrate.sh
export VM_IOMMUFD=cdev
modprobe iommufd

vfio_up
check "the instance of eight pairs can be removed" remove_mdev "$UUID"
migrate_pair net1
check "each state can be reached from each other one as VFIO has it" \
	user_pci mig-states
check "frames, filters and vectors move, split rings" migrate net --count 4
check "pages that are written, by the device's log" migrate log
check "pages that are written, by the device's log, packed rings" \
	migrate log --packed
check "the device lives through mutants of a stream" \
	user_pci mig-mutants --count 300
check_equal "pages pinned after that" 0 "$(pinned_pages)"
migrate_unpair
vhost_down
