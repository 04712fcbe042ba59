#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 180
#
# Messages to the char device: good and bad, many, and by whom.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "messages of version 2 map and unmap, or are refused with the right errno" \
	user_net_chardev messages
check "messages of version 1 map and unmap, or are refused with the right errno" \
	user_net_chardev messages --v1
check "only the owner maps memory, up to the limit of locked memory" user_net_chardev owner
check_log "the log names the limit to raise" "raise RLIMIT_MEMLOCK"
check "the control queue works in an address space of its own" \
	user_net_chardev asid --frames 500
check "a packed control queue with indirect descriptors works in an address space of its own" \
	user_net_chardev asid --frames 500 --packed --indirect
check "65535 single mappings can be made and used" user_net_chardev pieces
check "frames come back while messages map and unmap memory" \
	user_net_chardev churn --size 300
check "frames come back through packed rings while messages map and unmap memory" \
	user_net_chardev churn --size 300 --packed --indirect --queue-size 64
check "a suspended device finds its memory exchanged" user_net_chardev exchange --size 300
check "a suspended device with packed rings in order and two pairs finds its memory exchanged" \
	user_net_chardev exchange --size 300 --packed \
	--in-order --pairs 2 --queue-size 64
check "virtqueues whose memory is unmapped under traffic break" \
	user_net_chardev unmap-live --queue-size 64 --size 300
check "virtqueues whose memory is unmapped in a batch under traffic break" \
	user_net_chardev unmap-live --queue-size 64 --size 300 --batch --count 3
check "packed virtqueues whose memory is unmapped page by page under traffic break" \
	user_net_chardev unmap-live --packed --in-order \
	--queue-size 64 --size 300 --indirect --pieces --count 3
check "buffers in read-only mappings are not written to" \
	user_net_chardev readonly --queue-size 64
vhost_down
