#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 240
#
# Class VHOST through the char device: one user, from set-up to traffic.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
node=$(chardev_of "$UUID")
dir=/sys/class/vhost-mdev/$node
check "an instance of class VHOST has a char device" [ -c "/dev/$node" ] || exit 1
check_equal "the char device has the UUID of the instance" "$UUID" "$(cat "$dir/uuid")"
check_equal "the char device is of a network device" 1 "$(cat "$dir/virtio_device_id")"
check "the char device's uevent has the UUID" \
	grep -q "^VHOST_MDEV_UUID=$UUID\$" "$dir/uevent"
check "the char device's uevent has the type" grep -q "^VHOST_MDEV_DEVICE_ID=1\$" \
	"$dir/uevent"
# what DPDK takes a device by
major=$(cut -d: -f1 "$dir/dev")
check_equal "the region's name begins with vhost-vdpa" "$major vhost-vdpa-mdev" \
	"$(grep -m 1 ' vhost-vdpa' /proc/devices | sed 's/^ *//')"

check "frames come back with messages of version 2" user_net_chardev traffic --frames 5000
check "frames come back with messages of version 1" \
	user_net_chardev traffic --v1 --frames 2000
check "frames come back with messages in batches" \
	user_net_chardev traffic --batch --frames 2000
check "frames come back with messages of version 1 in batches" \
	user_net_chardev traffic --batch --v1 --frames 1000
check "frames come back with each page mapped by itself" \
	user_net_chardev traffic --pieces --frames 2000
check "frames come back with each page mapped by itself, in batches" \
	user_net_chardev traffic --pieces --batch --frames 2000
check "frames come back on a node that was opened for writing only" \
	user_net_chardev traffic --wronly --frames 2000
check "frames come back with indirect descriptors and event index" \
	user_net_chardev traffic --frames 2000 --indirect --event-idx --vary
check "jumbo frames come back in mergeable receive buffers" \
	user_net_chardev traffic --frames 500 --size 9014 --mrg --event-idx
check "super-frames come back" user_net_chardev traffic --frames 400 --gso --indirect
check "frames come back through rings of 1024" \
	user_net_chardev traffic --frames 5000 --queue-size 1024 --size 128
check "frames come back through eight queue pairs" \
	user_net_chardev traffic --frames 500 --pairs 8 --event-idx --size 300
check "frames come back through packed rings" \
	user_net_chardev traffic --packed --frames 3000 --indirect --event-idx
check "frames come back through packed rings in order, each page mapped by itself" \
	user_net_chardev traffic --packed \
	--in-order --frames 1000 --mrg --vary --pieces
check "the control queue takes commands" user_net_chardev ctrl
check "a change of the configuration sends an interrupt" user_net_chardev config-irq
check "the device has no doorbell unless asked for" user_net_chardev doorbell --absent
check "a device in use is refused on the char device and on the VFIO device" \
	user_net exclude --frames 500
check_log "the log names the program that has the instance open" \
	"user-net\[[0-9]*\] cannot open the (char|VFIO) device: user-net\[[0-9]*\] has the instance open by its (VFIO|char) device"

check "the instance is removed" remove_mdev "$UUID"
check_not "the char device of a removed instance is gone" [ -e "/dev/$node" ]
vhost_down

# the region by another name, and doorbells
modprobe vhost_mdev chrdev_name=vhost-other
vhost_up doorbell=1
check "the doorbells' region has the name that was asked for" \
	grep -q " vhost-other\$" /proc/devices
check "frames come back with mapped doorbells" user_net_chardev doorbell --frames 2000
vhost_down
