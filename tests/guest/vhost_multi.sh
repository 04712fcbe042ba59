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

check "one of two instances in a container can be removed" \
	user_net --uuid "$b" two --frames 1000
check_not "the instance that was removed from a container is gone" [ -d "$(instance "$b")" ]

b=$(new_uuid)
c=$(new_uuid)
check "another instance is created after the removal" create_net1 vhost "$b"
check "an instance of class VIRTIO is created" create_net virtio "$c"
user_net traffic --frames 2000 --size 500 >/tmp/a.out 2>&1 &
pid_a=$!
user-net --uuid "$b" traffic --frames 2000 --size 500 >/tmp/b.out 2>&1 &
pid_b=$!
wait $pid_a
check_equal "frames of one instance come back beside the other's traffic" 0 $?
wait $pid_b
check_equal "frames of the other instance come back beside the first one's traffic" 0 $?
vhost_down
