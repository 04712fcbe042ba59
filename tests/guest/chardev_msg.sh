#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 180
#
# Messages to the char device: good and bad, many, and by whom.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "messages of all kinds" user_net_chardev messages
check "messages of all kinds, version 1" user_net_chardev messages --v1
check "the owner, and the limit of locked memory" user_net_chardev owner
check_log "the log says what to raise" "raise RLIMIT_MEMLOCK"
check "the control queue in an address space of its own" user_net_chardev asid --frames 500
check "the control queue in an address space of its own, packed and indirect" \
	user_net_chardev asid --frames 500 --packed --indirect
check "65535 pieces" user_net_chardev pieces
check "messages beside traffic" user_net_chardev churn --size 300
check "messages beside traffic, packed, indirect" \
	user_net_chardev churn --size 300 --packed --indirect --queue-size 64
check "memory that is exchanged" user_net_chardev exchange --size 300
check "memory that is exchanged, packed, in order, two pairs" \
	user_net_chardev exchange --size 300 --packed \
	--in-order --pairs 2 --queue-size 64
check "memory that is taken away" user_net_chardev unmap-live --queue-size 64 --size 300
check "memory that is taken away, in batches" \
	user_net_chardev unmap-live --queue-size 64 --size 300 --batch --count 3
check "memory that is taken away, packed, each page by itself" \
	user_net_chardev unmap-live --packed --in-order \
	--queue-size 64 --size 300 --indirect --pieces --count 3
check "mappings that may not be written" user_net_chardev readonly --queue-size 64
vhost_down
