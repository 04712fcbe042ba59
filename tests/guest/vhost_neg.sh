#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 240
#
# Every ioctl called wrongly, every ring filled wrongly: a line each.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check_wrong_calls vhost
check_wrong_calls vfio
check_wrong_calls rings
check_wrong_calls packed
check "a receive queue whose descriptors have no bytes breaks" \
	user_net empty --queue-size 64
check "a packed receive queue whose descriptors have no bytes breaks" \
	user_net empty --queue-size 64 --packed
vhost_down
