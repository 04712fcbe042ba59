#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 120
#
# More than one instance: in one container, in several, beside the kernel's.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
b=$(new_uuid)
check "another instance is created" create_net1 vhost "$b" || exit 1

check "two in one container, one of them removed" \
	user_net --uuid "$b" two --frames 1000
check_not "the removed instance is gone" [ -d "$(instance "$b")" ]

b=$(new_uuid)
c=$(new_uuid)
check "another instance is created after the removal" create_net1 vhost "$b"
check "an instance of class VIRTIO is created" create_net virtio "$c"
user_net traffic --frames 2000 --size 500 >/tmp/a.out 2>&1 &
pid_a=$!
user-net --uuid "$b" traffic --frames 2000 --size 500 >/tmp/b.out 2>&1 &
pid_b=$!
wait $pid_a
check_equal "traffic of one beside the other's" 0 $?
wait $pid_b
check_equal "traffic of the other beside the one's" 0 $?
vhost_down
