#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 240
#
# Stop in the middle and go on, through the char device.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "suspend and resume lose and repeat no frame" \
	user_net_chardev resume --size 300 --count 5
check "suspend and resume lose and repeat no frame, packed rings, indirect descriptors and event position" \
	user_net_chardev resume --size 300 --packed --indirect --event-idx --count 5
check "suspend and resume lose and repeat no frame, two pairs" \
	user_net_chardev resume --size 300 --queue-size 64 --pairs 2 --count 5
vhost_down
