#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 240
#
# Every ioctl called wrongly, every ring filled wrongly: a line each.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up

for part in vhost vfio rings packed; do
	vmneg "$UUID" $part >/tmp/neg.out 2>&1
	rc=$?
	while read -r line; do
		case $line in
		"ok - "*)	pass "${line#ok - }" ;;
		"not ok - "*)	fail "${line#not ok - }" ;;
		*)		note "$line" ;;
		esac
	done </tmp/neg.out
	check_equal "$part: the table was gone through" 0 $rc
done
check_equal "the state is idle again" idle "$(state_of "$UUID")"
vhost_down
