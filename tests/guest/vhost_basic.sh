#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 240
#
# Class VHOST on the VFIO fd: one user, from set-up to traffic.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check_equal "vhost_mdev came by itself and is bound" \
	vhost_mdev "$(driver_of "$UUID")"
check_equal "device_api says vfio-vhost" vfio-vhost \
	"$(cat "$(type_dir mvnet0-vhost '*-net8')/device_api")"
check_equal "the state is idle" idle "$(state_of "$UUID")"
check "info" v info
check "the walk through" v demo --frames 2000
check "traffic" v traffic --frames 5000
check "indirect descriptors" v traffic --frames 2000 --indirect
check "event index" v traffic --frames 2000 --event-idx
check "both" v traffic --frames 2000 --indirect --event-idx --vary
check "mergeable receive buffers" v traffic --frames 1000 --mrg --vary
check "jumbo frames" v traffic --frames 500 --size 9014 --indirect
check "jumbo frames in mergeable buffers" \
	v traffic --frames 500 --size 9014 --mrg --event-idx
check "frames of 60 bytes" v traffic --frames 5000 --size 60 --event-idx
check "no checksum offload" v traffic --frames 1000 --no-csum
check "super-frames" v traffic --frames 400 --gso --indirect
check "super-frames in mergeable buffers" \
	v traffic --frames 400 --gso --mrg --event-idx
check "rings of 4" v traffic --frames 500 --queue-size 4 --indirect
check "rings of 1024" v traffic --frames 5000 --queue-size 1024 --size 128
check "two pairs" v traffic --frames 1000 --pairs 2 --indirect --event-idx
check "eight pairs" v traffic --frames 500 --pairs 8 --event-idx --size 300
check "packed rings" v traffic --packed --frames 5000
check "packed rings, indirect descriptors" \
	v traffic --packed --frames 2000 --indirect
check "packed rings, event position" v traffic --packed --frames 2000 --event-idx
check "packed rings, both" \
	v traffic --packed --frames 2000 --indirect --event-idx --vary
check "packed rings in order, mergeable receive buffers" v traffic --packed \
	--in-order --frames 2000 --mrg --vary
check "packed rings in order, both" v traffic --packed --in-order \
	--frames 2000 --indirect --event-idx
check "packed rings of 77, jumbo frames" v traffic --packed --queue-size 77 \
	--frames 500 --size 9014 --mrg --event-idx
check "packed rings of 5" v traffic --packed --frames 500 --queue-size 5 \
	--indirect --event-idx
check "packed rings in order, super-frames" \
	v traffic --packed --in-order --frames 400 --gso --mrg --event-idx
check "packed rings, eight pairs" v traffic --packed --in-order \
	--frames 500 --pairs 8 --event-idx --size 300
check "split rings in order" v traffic --in-order --frames 2000
check "split rings in order, both" \
	v traffic --in-order --frames 2000 --indirect --event-idx --vary
check "split rings in order, mergeable receive buffers" \
	v traffic --in-order --frames 1000 --mrg --vary --event-idx
check "control queue" v ctrl
check "control queue, packed" v ctrl --packed --in-order
check "what was set lasts as long as it should" v lifetimes
check "config interrupt" v config-irq
# The control queue stands where a pair would be if there were MQ.
check "config interrupt, control queue without MQ" v config-irq --ctrl
check "reset in all its forms" v reset
check "no doorbell unless asked for" v doorbell --absent

check "the instance is removed" remove_mdev "$UUID"
UUID=$(new_uuid)
check "an instance of one pair is created" create_net1 vhost "$UUID"
check "traffic through one pair" v traffic --frames 1000
vhost_down
