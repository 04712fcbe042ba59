#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 180
#
# Stop in the middle, read where the virtqueues stand, go on from there.
. /tests/lib.sh

modprobe vfio_iommu_type1
check "mvnet can be loaded" modprobe mvnet || exit 1
uuid=$(new_uuid)
check "an instance is created" create_net vhost "$uuid" || exit 1
v()
{
	vmnet --uuid "$uuid" resume "$@"
}

check "resume" v --size 300
check "resume, indirect and event index" v --size 300 --indirect --event-idx
check "resume, small rings" v --size 300 --queue-size 16
check "resume, mergeable buffers" v --size 3000 --mrg --queue-size 64 --count 5
check "resume, two pairs" v --size 300 --queue-size 64 --pairs 2 --count 5
check "resume, past the wrap of the index" \
	v --size 60 --event-idx --count 3 --frames 70000
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
unload
