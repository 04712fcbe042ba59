#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1
# timeout: 600
#
# Two threads unmap and map buffers that are in use, a third opens and closes
# another instance of the container.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
b=$(new_uuid)
check "another instance is created" create_net1 vhost "$b" || exit 1

# check_race WHAT OPTION...: says how it went
check_race()
{
	_what=$1
	shift
	check "$_what" sh -c 'user-net "$@" >/tmp/race.out 2>&1 || {
		cat /tmp/race.out; exit 1; }' - \
		--uuid "$UUID" --uuid "$b" race --size 300 --queue-size 64 "$@"
	grep -E "longest|meanwhile" /tmp/race.out | while read -r line; do
		note "$line"
	done
}

count=20000
[ "$KERNEL" != debug ] || count=5000
check_race "frames come back while two threads unmap and map $count times" --count $count
check_race "frames come back while two threads unmap and map at other addresses each time, $count times" \
	--count $count --move
vhost_down
