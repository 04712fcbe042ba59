#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 900
#
# Class VFIO: accesses of all kinds at random, by seeds, so that a run can be
# repeated; or as many by one seed as the kernel's command line has as vfio_fuzz:
# CMDLINE_EXTRA=vfio_fuzz=1000000 tests/vm/run ...
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh

COUNT=${vfio_fuzz:-6000}
SEEDS="1 2"
[ -z "${vfio_fuzz:-}" ] || SEEDS=1

vfio_up doorbell=1
for seed in $SEEDS; do
	check "the device lives through $COUNT accesses by seed $seed" \
		user_pci fuzz --count "$COUNT" --seed "$seed"
	check_equal "pages pinned after seed $seed" 0 "$(pinned_pages)"
done
vhost_down
