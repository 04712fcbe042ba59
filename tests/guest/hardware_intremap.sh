#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1
# devices: hardware
# cmdline: intremap=off
#
# Without remapping of interrupts a function could raise any of them, by DMA: its
# user has to be the kernel.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

UUID=$(new_uuid)
modprobe vp_mdev
modprobe vhost_mdev
check "vp_mdev takes the function" hw_bind $HW_PAGES || exit 1
log_mark
check_errno "an instance of class VHOST is refused without interrupt remapping" EOPNOTSUPP \
	create_hw $HW_PAGES vhost "$UUID"
check_log "the log says what to do about interrupt remapping" \
	"interrupts of $HW_PAGES are not remapped: .*allow_unsafe_interrupts"
check_equal "a refused instance of class VHOST does not exist" 0 "$(instances)"

modprobe virtio_net
check "an instance of class VIRTIO can be created" \
	create_hw $HW_PAGES virtio "$UUID"
check "virtio-net drives the function" net_vars "$UUID"
check_not "driver_override does not help" rebind "$UUID" vhost_mdev
check "the instance can be removed" remove_mdev "$UUID"

# who trusts the user may say so
unsafe=/sys/module/vhost_mdev/parameters/allow_unsafe_interrupts
check_equal "the user is not trusted" N "$(cat $unsafe)"
check "the user can be trusted by a parameter" put Y $unsafe
check "a trusted user has an instance of class VHOST" \
	create_hw $HW_PAGES vhost "$UUID"
WAY=--chardev
check "a trusted user has traffic" user_hw traffic --frames 20
check "the instance of class VHOST can be removed" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return $HW_PAGES
unload
