#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 600
#
# Class VFIO: streams of state that are wrong, a line each, and at random; as many as
# the kernel's command line has as vfio_mutants.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh
. /tests/lib-blk.sh
. /tests/lib-migrate.sh

COUNT=${vfio_mutants:-1500}

vfio_up
check "the instance of eight pairs can be removed" remove_mdev "$UUID"
migrate_pair net1
check_rows "streams, split rings" user_pci mig-streams
check "the device lives through $COUNT mutants of a stream" \
	user_pci mig-mutants --count "$COUNT"
check "the device lives through $COUNT mutants of a stream, packed rings" \
	user_pci mig-mutants --count "$COUNT" --packed --seed 2
check_equal "pages pinned after that" 0 "$(pinned_pages)"
check "the other instance can be removed" remove_mdev "$OTHER"
OTHER=$(new_uuid)
create_net vfio "$OTHER"
check "a device of eight pairs refuses the state of one with one pair" migrate foreign
migrate_unpair
vhost_down
