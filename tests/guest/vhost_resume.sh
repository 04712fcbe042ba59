#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# shellcheck shell=dash
# timeout: 300
#
# Stop in the middle, read where the virtqueues stand, go on from there.
. /tests/lib.sh
. /tests/lib-vhost.sh

# how often; the rings are full each time
COUNT=10
[ "$KERNEL" != debug ] || COUNT=4

vhost_up
check "suspend and resume lose and repeat no frame" \
	user_net resume --size 300 --count $COUNT
check "suspend and resume lose and repeat no frame, indirect descriptors and event index" \
	user_net resume --size 300 --indirect \
	--event-idx --count $COUNT
check "suspend and resume lose and repeat no frame, small rings" \
	user_net resume --size 300 --queue-size 16
check "suspend and resume lose and repeat no frame, mergeable buffers" \
	user_net resume --size 3000 --mrg --queue-size 64 --count 5
check "suspend and resume lose and repeat no frame, two pairs" \
	user_net resume --size 300 --queue-size 64 --pairs 2 --count 5
check "suspend and resume lose and repeat no frame, past the wrap of the index" \
	user_net resume --size 60 --event-idx --count 3 --frames 70000
check "suspend and resume lose and repeat no frame, packed rings" \
	user_net resume --size 300 --packed
check "suspend and resume lose and repeat no frame, packed rings, indirect descriptors and event position" \
	user_net resume --size 300 --packed --indirect --event-idx --count 5
check "suspend and resume lose and repeat no frame, packed rings of 50 in order" \
	user_net resume --size 300 --packed \
	--in-order --queue-size 50 --event-idx --count 5
check "suspend and resume lose and repeat no frame, packed rings in order, mergeable buffers" \
	user_net resume --size 3000 \
	--packed --in-order --mrg --queue-size 64 --count 5
check "suspend and resume lose and repeat no frame, packed rings, two pairs" \
	user_net resume --size 300 --packed --queue-size 64 --pairs 2 --count 5
check "suspend and resume lose and repeat no frame, split rings in order" \
	user_net resume --size 300 --in-order --queue-size 64 --event-idx --count 5
vhost_down
