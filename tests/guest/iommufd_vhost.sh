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
check "the VFIO device describes a device in software" user_net info
check "frames come back through split rings" user_net traffic --frames 2000
check "frames come back with indirect descriptors and event index" \
	user_net traffic --frames 500 --indirect --event-idx --vary
check "jumbo frames come back in mergeable receive buffers" \
	user_net traffic --frames 300 --size 9014 --mrg --event-idx
check "super-frames come back through packed rings in order" \
	user_net traffic --packed --in-order --frames 300 --gso --mrg --event-idx
check "frames come back through eight queue pairs with rings of 1024" \
	user_net traffic --frames 200 --pairs 8 --queue-size 1024 --size 300
check "frames come back with mapped doorbells" user_net doorbell --frames 500
check "the control queue takes commands" user_net ctrl
check "a change of the configuration sends an interrupt" user_net config-irq
check "a reset in each form leaves nothing of the former use" user_net reset
check "suspend and resume lose and repeat no frame" \
	user_net resume --size 300 --count 3
check "suspend and resume lose and repeat no frame, packed rings, two pairs" \
	user_net resume --size 300 --packed --queue-size 64 --pairs 2 --count 2

# users
check "a VFIO device works each time that it is opened" \
	user_net reuse --count 10 --queue-size 64
check "a second user is turned away" user_net second
check_equal "no page is pinned after a VFIO device was used many times" 0 "$(pinned_pages)"
kill_users user-net 6 net_options
check "a device in use is refused on the char device and on the VFIO device" \
	user_net exclude
b=$(new_uuid)
check "another instance is created" create_net1 vhost "$b"
check "one of two instances in an address space can be removed" \
	user_net --uuid "$b" two --frames 500
check "remove asks the user to let go" user_net request
check_not "the instance is gone after its user let go" [ -d "$(instance "$UUID")" ]
vhost_down
