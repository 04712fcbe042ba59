#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: iommufd
# timeout: 240
#
# The VFIO device by its own node, with memory of an iommufd: one user, and
# several, from set-up to traffic.
. /tests/lib.sh
. /tests/lib-vhost.sh
export VM_IOMMUFD=cdev
modprobe iommufd

vhost_up doorbell=1
check "the VFIO device has a node" \
	[ -c /dev/vfio/devices/"$(ls /sys/bus/mdev/devices/"$UUID"/vfio-dev)" ]
check "info" user_net info
check "traffic" user_net traffic --frames 2000
check "indirect descriptors, event index" \
	user_net traffic --frames 500 --indirect --event-idx --vary
check "jumbo frames in mergeable buffers" \
	user_net traffic --frames 300 --size 9014 --mrg --event-idx
check "packed rings in order, super-frames" \
	user_net traffic --packed --in-order --frames 300 --gso --mrg --event-idx
check "eight pairs, rings of 1024" \
	user_net traffic --frames 200 --pairs 8 --queue-size 1024 --size 300
check "doorbells" user_net doorbell --frames 500
check "control queue" user_net ctrl
check "config interrupt" user_net config-irq
check "reset in all its forms" user_net reset
check "resume" user_net resume --size 300 --count 3
check "resume, packed, two pairs" \
	user_net resume --size 300 --packed --queue-size 64 --pairs 2 --count 2

# users
check "used again and again" user_net reuse --count 10 --queue-size 64
check "a second user is turned away" user_net second
check_equal "pages pinned after that" 0 "$(pinned_pages)"
kill_victims 6
check "the char device does not come beside it" user_net exclude
b=$(new_uuid)
check "another instance is created" create_net1 vhost "$b"
check "two in one address space, one of them removed" \
	user_net --uuid "$b" two --frames 500
check "remove asks the user to let go" user_net request
check_not "the instance is gone" [ -d "$(instance "$UUID")" ]
vhost_down
