#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 180
#
# Memory that the user takes away, will not let write, or may not lock.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "a suspended device finds its memory exchanged" user_net exchange --size 300
check "memory is exchanged while suspended, packed, in order" \
	user_net exchange --size 300 --packed --in-order --queue-size 64
check "virtqueues whose memory is unmapped under traffic break" \
	user_net unmap-live --queue-size 64 --size 300
check "UNMAP_DMA of what is in use, indirect" \
	user_net unmap-live --queue-size 64 --size 1514 --indirect --event-idx --count 3
check "packed virtqueues in order whose memory is unmapped under traffic break" \
	user_net unmap-live --packed --in-order \
	--queue-size 64 --size 300 --indirect
check "a DRIVER_OK that fails at the last virtqueue leaves none live" \
	user_net half --pairs 2 --queue-size 64
check "buffers in read-only mappings are not written to" user_net readonly --queue-size 64
check "write-only receive buffers work" user_net write-only --queue-size 64
check "write-only receive buffers work with less locked memory than they need" \
	user_net write-only --queue-size 64 --memlock 122880
check "frames come back with 64 KiB of locked memory" user_net memlock --frames 3000
check "jumbo frames come back with 64 KiB of locked memory" \
	user_net memlock --frames 300 --size 9014 --indirect --queue-size 64
vhost_down
