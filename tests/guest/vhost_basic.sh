#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 240
#
# Class VHOST through the VFIO fd: one user, from set-up to traffic.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check_equal "vhost_mdev was loaded automatically and is bound" \
	vhost_mdev "$(driver_of "$UUID")"
check_equal "device_api says vfio-vhost" vfio-vhost \
	"$(cat "$(type_dir mvnet0-vhost '*-net8')/device_api")"
check_equal "the state of an instance without a user is idle" \
	idle "$(state_of "$UUID")"
check "user-net reads the device's information" user_net info
check "a walk through the whole API succeeds" user_net demo --frames 2000
check "frames come back through split rings" user_net traffic --frames 5000
check "frames come back with indirect descriptors" user_net traffic --frames 2000 --indirect
check "frames come back with event index" user_net traffic --frames 2000 --event-idx
check "frames come back with indirect descriptors and event index" \
	user_net traffic --frames 2000 --indirect --event-idx --vary
check "frames come back with mergeable receive buffers" \
	user_net traffic --frames 1000 --mrg --vary
check "frames come back with jumbo frames" \
	user_net traffic --frames 500 --size 9014 --indirect
check "frames come back with jumbo frames in mergeable buffers" \
	user_net traffic --frames 500 --size 9014 --mrg --event-idx
check "frames come back with frames of 60 bytes" \
	user_net traffic --frames 5000 --size 60 --event-idx
check "frames come back without checksum offload" user_net traffic --frames 1000 --no-csum
check "frames come back with super-frames" user_net traffic --frames 400 --gso --indirect
check "frames come back with super-frames in mergeable buffers" \
	user_net traffic --frames 400 --gso --mrg --event-idx
check "frames come back through rings of 4" \
	user_net traffic --frames 500 --queue-size 4 --indirect
check "frames come back through rings of 1024" \
	user_net traffic --frames 5000 --queue-size 1024 --size 128
check "frames come back through two queue pairs" \
	user_net traffic --frames 1000 --pairs 2 --indirect --event-idx
check "frames come back through eight queue pairs" \
	user_net traffic --frames 500 --pairs 8 --event-idx --size 300
check "frames come back through packed rings" user_net traffic --packed --frames 5000
check "frames come back through packed rings, indirect descriptors" \
	user_net traffic --packed --frames 2000 --indirect
check "frames come back through packed rings, event position" \
	user_net traffic --packed --frames 2000 --event-idx
check "frames come back through packed rings, indirect descriptors and event position" \
	user_net traffic --packed --frames 2000 --indirect --event-idx --vary
check "frames come back through packed rings in order, mergeable receive buffers" \
	user_net traffic --packed \
	--in-order --frames 2000 --mrg --vary
check "frames come back through packed rings in order, indirect descriptors and event position" \
	user_net traffic --packed --in-order \
	--frames 2000 --indirect --event-idx
check "frames come back through packed rings of 77, jumbo frames" \
	user_net traffic --packed --queue-size 77 \
	--frames 500 --size 9014 --mrg --event-idx
check "frames come back through packed rings of 5" \
	user_net traffic --packed --frames 500 --queue-size 5 \
	--indirect --event-idx
check "frames come back through packed rings in order, super-frames" \
	user_net traffic --packed --in-order --frames 400 --gso --mrg --event-idx
check "frames come back through packed rings in order, eight queue pairs" \
	user_net traffic --packed --in-order \
	--frames 500 --pairs 8 --event-idx --size 300
check "frames come back through split rings in order" \
	user_net traffic --in-order --frames 2000
check "frames come back through split rings in order, indirect descriptors and event index" \
	user_net traffic --in-order --frames 2000 --indirect --event-idx --vary
check "frames come back through split rings in order, mergeable receive buffers" \
	user_net traffic --in-order --frames 1000 --mrg --vary --event-idx
check "the control queue of split rings takes commands" user_net ctrl
check "the control queue of packed rings takes commands" \
	user_net ctrl --packed --in-order
check "what was set lasts until the reset or the close that ends it" user_net lifetimes
check "a change of the configuration sends an interrupt" user_net config-irq
# Without MQ the control queue has the index that the second pair has with MQ.
check "a change of the configuration sends an interrupt, control queue without MQ" \
	user_net config-irq --ctrl
check "a reset in each form leaves nothing of the former use" user_net reset
check "the device has no doorbell unless asked for" user_net doorbell --absent

check "the instance of eight pairs can be removed" remove_mdev "$UUID"
UUID=$(new_uuid)
check "an instance of one pair can be created" create_net1 vhost "$UUID"
check "frames come back through an instance of one pair" user_net traffic --frames 1000
vhost_down
