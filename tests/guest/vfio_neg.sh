#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 180
#
# Class VFIO: each access that is wrong, a line each; and all regions, read and
# written by all sizes.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh

vfio_up
check "all regions have the same bytes by each size of access" user_pci bytes
check "all regions have the same bytes by each size of access, another seed" \
	user_pci bytes --seed 2
check_rows "the device fd" user_pci neg
check_equal "the state is idle again" idle "$(state_of "$UUID")"
vhost_down
