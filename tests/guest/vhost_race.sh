#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 600
#
# Two threads unmap and map buffers that are in use, a third opens and closes
# another instance of the container.
. /tests/lib.sh

modprobe vfio_iommu_type1
check "mvnet can be loaded" modprobe mvnet || exit 1
a=$(new_uuid)
b=$(new_uuid)
check "an instance is created" create_net vhost "$a" || exit 1
check "and another" create_net1 vhost "$b" || exit 1

# race WHAT OPTION...: says how it went
race()
{
	_what=$1
	shift
	check "$_what" sh -c 'vmnet "$@" >/tmp/race.out 2>&1 || {
		cat /tmp/race.out; exit 1; }' - \
		--uuid "$a" --uuid "$b" race --size 300 --queue-size 64 "$@"
	grep -E "longest|meanwhile" /tmp/race.out | while read -r line; do
		note "$line"
	done
}

count=20000
[ "$KERNEL" != debug ] || count=5000
race "$count times unmap and map by two threads" --count $count
race "the same, at other addresses each time" --count $count --move
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
unload
