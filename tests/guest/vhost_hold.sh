#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 180
#
# Memory that the user takes away while the device has handed a page of it on.
. /tests/lib.sh
. /tests/lib-vhost.sh

modprobe vfio_iommu_type1
check "mvhold can be loaded" modprobe mvhold || exit 1
UUID=$(new_uuid)
check "an instance that holds pages is created" \
	create mvhold0-vhost '*-rng' "$UUID" || exit 1

check "memory of a container is unmapped, and logged, while a page of it is held" \
	user-hold --uuid "$UUID" log
check "memory of the char device is unmapped while a page of it is held" \
	user-hold --uuid "$UUID" --chardev unmap
check_log "the log says that a page was taken away" \
	"memory is taken away in which I/O has not ended"
check_log "the log says why no log of writes begins" \
	"cannot find out what the device writes to"

# check_killed WHO COMMAND
check_killed()
{
	user_start user-hold "$2"
	check "$1 is killed" user_kill
	check_equal "no page is pinned after $1 was killed" 0 "$(pinned_pages)"
}

check_killed "a user in an unmap that waits for a page" unmapping-victim
check_killed "a user whose page the device holds" victim
WAY=--chardev
check_killed "a user of the char device whose page the device holds" victim
vhost_down
