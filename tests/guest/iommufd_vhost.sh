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
check "info" v info
check "traffic" v traffic --frames 2000
check "indirect descriptors, event index" \
	v traffic --frames 500 --indirect --event-idx --vary
check "jumbo frames in mergeable buffers" \
	v traffic --frames 300 --size 9014 --mrg --event-idx
check "packed rings in order, super-frames" \
	v traffic --packed --in-order --frames 300 --gso --mrg --event-idx
check "eight pairs, rings of 1024" \
	v traffic --frames 200 --pairs 8 --queue-size 1024 --size 300
check "doorbells" v doorbell --frames 500
check "control queue" v ctrl
check "config interrupt" v config-irq
check "reset in all its forms" v reset
check "resume" v resume --size 300 --count 3
check "resume, packed, two pairs" \
	v resume --size 300 --packed --queue-size 64 --pairs 2 --count 2

# users
check "used again and again" v reuse --count 10 --queue-size 64
check "a second user is turned away" v second
check_equal "pages pinned after that" 0 "$(pinned_pages)"
kill_victims 6
check "the char device does not come beside it" v exclude
b=$(new_uuid)
check "another instance is created" create_net1 vhost "$b"
check "two in one address space, one of them removed" \
	v --uuid "$b" two --frames 500
check "remove asks the user to let go" v request
check_not "the instance is gone" [ -d "$(instance "$UUID")" ]
vhost_down
