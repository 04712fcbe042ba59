#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 240
#
# Class VFIO: the emulated PCI function, by a program that sees it as a VMM and its
# guest's driver do.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh
. /tests/lib-blk.sh

vfio_up
check_equal "vfio_mdev was loaded automatically and is bound" \
	vfio_mdev "$(driver_of "$UUID")"
check_equal "device_api says vfio-pci" vfio-pci \
	"$(cat "$(type_dir mvnet0-vfio '*-net8')/device_api")"
check "regions, interrupts and capabilities are what a VMM expects" user_pci info
check "features are negotiated through the registers" user_pci features
check "virtqueues have registers of their own" user_pci queues
check "registers can be reached through the configuration space" user_pci window
check "traffic through split rings, kicked by writes" user_net traffic --frames 2000
check "traffic through split rings, kicked by eventfds" \
	by ioeventfd user_net traffic --frames 2000 --event-idx --indirect
check "traffic kicked through the configuration space" \
	by window user_net traffic --frames 200
check "traffic through packed rings" user_net traffic --packed --frames 2000
check "traffic through packed rings in order, eight queue pairs" \
	user_net traffic --packed --in-order \
	--frames 300 --pairs 8 --event-idx --size 300
check "traffic through split rings, eight queue pairs" \
	by ioeventfd user_net traffic --frames 300 --pairs 8 --size 300
check "traffic with jumbo frames in mergeable buffers" \
	user_net traffic --frames 300 --size 9014 --mrg --event-idx
check "the control queue of split rings takes commands" user_net ctrl
check "the control queue of packed rings takes commands" \
	by ioeventfd user_net ctrl --packed --in-order
check "a change of the configuration sends an interrupt" user_net config-irq
check "interrupts wait for an eventfd, and the interrupt status has the others" \
	user_pci irqs
check "a device that broke needs a reset, and says so" user_pci broken
check_log "the log says why a virtqueue cannot be enabled" \
	"virtqueue 0 with 0 entries .* cannot be enabled"
check "each kind of reset under traffic leaves a device as new" user_pci resets
check "each kind of reset under traffic, packed rings" user_pci resets --packed
check "nothing moves while the function is no bus master" user_pci master
check "nothing moves while the function is no bus master, packed rings" \
	user_pci master --packed
check "nothing moves in D3hot" user_pci power
check "reset and used again with frames in flight" \
	user_net reuse --count 5 --queue-size 64
check_equal "pages pinned after that" 0 "$(pinned_pages)"

# --- handed from one class driver to another while nobody has it open ---------

modprobe vhost_mdev
modprobe virtio_mdev
modprobe virtio_net
for round in first second; do
	check "the instance goes to virtio_mdev, the $round time" \
		rebind "$UUID" virtio_mdev
	check "virtio-net drives the instance, the $round time" \
		wait_for 10 netdev_of "$UUID"
	check "the instance goes to vhost_mdev, the $round time" \
		rebind "$UUID" vhost_mdev
	check "traffic through vhost_mdev, the $round time" \
		env VM_PCI= user-net --uuid "$UUID" traffic --frames 300
	check "the instance goes back to vfio_mdev, the $round time" \
		rebind "$UUID" vfio_mdev
	check "traffic through vfio_mdev, the $round time" \
		user_net traffic --frames 300
done
check "the instance of eight pairs can be removed" remove_mdev "$UUID"

# --- other devices ------------------------------------------------------------

modprobe mvrng
UUID=$(new_uuid)
check "an entropy device of class VFIO is created" create mvrng0-vfio '*-rng' "$UUID"
check "the function of an entropy device is what a VMM expects" user_pci info
check "an entropy device fills buffers" user_pci rng
check "an entropy device fills buffers, kicked by eventfds" \
	by ioeventfd user_pci rng

modprobe mvblk
UUID=$(new_uuid)
check "a disk of class VFIO is created" create_blk vfio ram64m "$UUID"
check "the function of a disk is what a VMM expects" user_pci info
check "the configuration of a disk" user-blk "$UUID" config
check "all kinds of data are written to a disk and read" user-blk "$UUID" data
check "requests that break the rules are refused by a disk" user-blk "$UUID" neg
vhost_down
