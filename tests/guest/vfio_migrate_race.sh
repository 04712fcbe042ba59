#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 600
#
# Class VFIO: states of migration, files of streams, registers and resets from several
# threads and processes at once; "migrate_rounds" on the kernel's command line says how
# often.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh

ROUNDS=${migrate_rounds:-1000}

vfio_up
check "the device lives through $ROUNDS states set in a race" \
	user_pci mig-race --count "$ROUNDS"
check "the device lives through $ROUNDS states set in a race, packed rings" \
	user_pci mig-race --count "$ROUNDS" --packed --seed 2
check_equal "pages pinned after that" 0 "$(pinned_pages)"
check "the instance can be removed" remove_mdev "$UUID"
vhost_down
