#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: iommufd
# timeout: 300
#
# Memory of an iommufd that the user takes away, in part, or all of it by taking
# the device from its address space; that the user will not let write, may not
# lock, or does not deliver.
. /tests/lib.sh
. /tests/lib-vhost.sh
export VM_IOMMUFD=cdev
modprobe iommufd

vhost_up
check "the device loses its address space and takes another one under traffic" \
	user_net attach --size 300
check "the address space is taken away, and exchanged, packed" \
	user_net attach --size 300 --packed --queue-size 64 --count 4
check_equal "no page is pinned after the changes of memory" 0 "$(pinned_pages)"
check "a suspended device finds its memory exchanged" user_net exchange --size 300
check "virtqueues whose memory is unmapped under traffic break" \
	user_net unmap-live --queue-size 64 --size 300
check "packed virtqueues in order whose memory is unmapped under traffic break" \
	user_net unmap-live --packed --in-order \
	--queue-size 64 --size 1514 --indirect --count 3
check "a DRIVER_OK that fails at the last virtqueue leaves none live" \
	user_net half --pairs 2 --queue-size 64
check "buffers in read-only mappings are not written to" user_net readonly --queue-size 64
check "write-only buffers work with little locked memory" \
	user_net write-only --queue-size 64 --memlock 122880
check "frames come back with 64 KiB of locked memory" user_net memlock --frames 500
check "rings are mapped where they were unmapped" \
	user_net remap --count 50 --queue-size 64
b=$(new_uuid)
check "another instance is created" create_net1 vhost "$b"
check "8 threads can unmap 2 MiB each, pinned here and there" \
	user_net --uuid "$b" scatter --size 300 --queue-size 64 --threads 8 \
	--size-kib 2048 --touches 8 --stride 64 --count 3
check "4 threads can unmap 50 single pages each" \
	user_net --uuid "$b" scatter --size 300 --queue-size 64 --threads 4 \
	--size-kib 400 --touches 50 --stride 2 --memlock 4194304 --count 3
check "frames come back while two threads unmap and map, and another instance is opened and closed" \
	user_net --uuid "$b" race --size 300 --queue-size 64 --count 500
check "frames come back while two threads unmap and map at other addresses each time" \
	user_net --uuid "$b" race --size 300 --queue-size 64 --count 500 --move
check "a device whose page does not come gives it up" user_net stuck --queue-size 64
# killed in an unmap that waits for the address space's lock
if user_start user-net stuck-killed --count 1 --queue-size 64; then
	holder=$(sed -n 's/^holder //p' /tmp/victim.out)
	kill -9 "$victim"
	check "a killed user ends though its page does not come" \
		wait_for 10 state_is "$UUID" idle
	kill -9 "$holder"
	wait "$victim"
else
	fail "a user whose page does not come runs" "$(cat /tmp/victim.out)"
	kill -9 "$victim"
fi
vhost_down
