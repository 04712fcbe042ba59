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
check "memory is exchanged while suspended" v exchange --size 300
check "memory is exchanged while suspended, packed, in order" \
	v exchange --size 300 --packed --in-order --queue-size 64
check "UNMAP_DMA of what is in use" v unmap-live --queue-size 64 --size 300
check "UNMAP_DMA of what is in use, indirect" \
	v unmap-live --queue-size 64 --size 1514 --indirect --event-idx --count 3
check "UNMAP_DMA of what is in use, packed, in order" v unmap-live --packed --in-order \
	--queue-size 64 --size 300 --indirect
check "DRIVER_OK that fails half-way" v half --pairs 2 --queue-size 64
check "mappings that may not be written" v readonly --queue-size 64
check "mappings that may only be written" v write-only --queue-size 64
check "mappings that may only be written, with less locked memory than that" \
	v write-only --queue-size 64 --memlock 122880
check "64 KiB of locked memory" v memlock --frames 3000
check "64 KiB of locked memory, jumbo frames" \
	v memlock --frames 300 --size 9014 --indirect --queue-size 64
vhost_down
