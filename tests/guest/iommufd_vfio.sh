#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# only: iommufd
# timeout: 240
#
# Class VFIO through the node of its VFIO device, with memory of an iommufd.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh
export VM_IOMMUFD=cdev
modprobe iommufd

vfio_up doorbell=1
check "the VFIO device has a node" \
	[ -c /dev/vfio/devices/"$(ls /sys/bus/mdev/devices/"$UUID"/vfio-dev)" ]
check "regions, interrupts and capabilities are what a VMM expects" user_pci info
check "traffic through split rings" user_net traffic --frames 1000
check "traffic through packed rings in order, super-frames" by ioeventfd \
	user_net traffic --packed --in-order --frames 300 --gso --mrg --event-idx
check "traffic kicked by mapped doorbells" by mmap user_net traffic --frames 500
check "the control queue takes commands" user_net ctrl
check "interrupts wait for an eventfd" user_pci irqs
check "each kind of reset under traffic leaves a device as new" user_pci resets
check "nothing moves while the function is no bus master" user_pci master
check "the device lives through accesses at random" \
	user_pci fuzz --count 5000 --seed 3
check "used again and again" user_net reuse --count 10 --queue-size 64
check "a second user is turned away" user_net second
check_equal "pages pinned after that" 0 "$(pinned_pages)"
kill_users user-net 6 net_options
put 1 /sys/module/vfio_mdev/parameters/remove_grace
check "a user that does not let go has the device revoked" user_pci revoked
check_not "the instance is gone" [ -d "$(instance "$UUID")" ]
vhost_down
