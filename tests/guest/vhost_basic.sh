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
check "user-net reads the device's information" v info
check "a walk through the whole API succeeds" v demo --frames 2000
check "traffic through split rings" v traffic --frames 5000
check "traffic with indirect descriptors" v traffic --frames 2000 --indirect
check "traffic with event index" v traffic --frames 2000 --event-idx
check "traffic with indirect descriptors and event index" \
	v traffic --frames 2000 --indirect --event-idx --vary
check "traffic with mergeable receive buffers" \
	v traffic --frames 1000 --mrg --vary
check "traffic with jumbo frames" v traffic --frames 500 --size 9014 --indirect
check "traffic with jumbo frames in mergeable buffers" \
	v traffic --frames 500 --size 9014 --mrg --event-idx
check "traffic with frames of 60 bytes" \
	v traffic --frames 5000 --size 60 --event-idx
check "traffic without checksum offload" v traffic --frames 1000 --no-csum
check "traffic with super-frames" v traffic --frames 400 --gso --indirect
check "traffic with super-frames in mergeable buffers" \
	v traffic --frames 400 --gso --mrg --event-idx
check "traffic through rings of 4" \
	v traffic --frames 500 --queue-size 4 --indirect
check "traffic through rings of 1024" \
	v traffic --frames 5000 --queue-size 1024 --size 128
check "traffic through two queue pairs" \
	v traffic --frames 1000 --pairs 2 --indirect --event-idx
check "traffic through eight queue pairs" \
	v traffic --frames 500 --pairs 8 --event-idx --size 300
check "traffic through packed rings" v traffic --packed --frames 5000
check "traffic through packed rings, indirect descriptors" \
	v traffic --packed --frames 2000 --indirect
check "traffic through packed rings, event position" \
	v traffic --packed --frames 2000 --event-idx
check "traffic through packed rings, indirect descriptors and event position" \
	v traffic --packed --frames 2000 --indirect --event-idx --vary
check "traffic through packed rings in order, mergeable receive buffers" \
	v traffic --packed \
	--in-order --frames 2000 --mrg --vary
check "traffic through packed rings in order, indirect descriptors and event position" \
	v traffic --packed --in-order \
	--frames 2000 --indirect --event-idx
check "traffic through packed rings of 77, jumbo frames" \
	v traffic --packed --queue-size 77 \
	--frames 500 --size 9014 --mrg --event-idx
check "traffic through packed rings of 5" \
	v traffic --packed --frames 500 --queue-size 5 \
	--indirect --event-idx
check "traffic through packed rings in order, super-frames" \
	v traffic --packed --in-order --frames 400 --gso --mrg --event-idx
check "traffic through packed rings in order, eight queue pairs" \
	v traffic --packed --in-order \
	--frames 500 --pairs 8 --event-idx --size 300
check "traffic through split rings in order" v traffic --in-order --frames 2000
check "traffic through split rings in order, indirect descriptors and event index" \
	v traffic --in-order --frames 2000 --indirect --event-idx --vary
check "traffic through split rings in order, mergeable receive buffers" \
	v traffic --in-order --frames 1000 --mrg --vary --event-idx
check "the control queue of split rings takes commands" v ctrl
check "the control queue of packed rings takes commands" \
	v ctrl --packed --in-order
check "what was set lasts until the reset or the close that ends it" v lifetimes
check "a change of the configuration sends an interrupt" v config-irq
# Without MQ the control queue has the index that the second pair has with MQ.
check "a change of the configuration sends an interrupt, control queue without MQ" \
	v config-irq --ctrl
check "reset in all its forms succeeds" v reset
check "the device has no doorbell unless asked for" v doorbell --absent

check "the instance of eight pairs can be removed" remove_mdev "$UUID"
UUID=$(new_uuid)
check "an instance of one pair can be created" create_net1 vhost "$UUID"
check "traffic through an instance of one pair" v traffic --frames 1000
vhost_down
