#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Allocations fail as vp_mdev binds, as an instance is created, and as a user opens
# and starts it.
#
# only: debug
# devices: hardware
# leaks: apart
# timeout: 900
# expect-log: FAULT_INJECTION|kmemleak: Cannot allocate
. /tests/lib-failslab.sh
. /tests/lib-hw.sh

failslab_begin vp_mdev

# --- the function: one with two interrupts, which is as many as it takes -------

hw_release $HW_RNG
put vp_mdev $PCI/devices/$HW_RNG/driver_override
# Enabled already, or ACPI looks for the interrupt of its pin each time, which
# nobody wants: for seconds, with hundreds of allocations, and it uses what it has
# freed when one of them fails.
put 1 $PCI/devices/$HW_RNG/enable
# not its link in /sys/class/mdev_bus, which mdev does without
faults "a bind of vp_mdev cleans up after each allocation that fails" \
	-p $PCI/devices/$HW_RNG/driver \
	-w "$HW_RNG=$PCI/drivers/vp_mdev/unbind" \
	write $HW_RNG $PCI/drivers/vp_mdev/bind
check "vp_mdev can be bound after allocations failed" put $HW_RNG $PCI/drivers/vp_mdev/bind

# --- create ------------------------------------------------------------------

# The kernel does not notice that a file of an interrupt in /proc could not be
# made, and warns when it is to be removed.
spare_function register_irq_proc
uuid=$(new_uuid)
dir=$(type_dir $HW_RNG-virtio 'mdev_port-vp_mdev-*')
faults "create of class virtio cleans up after each allocation that fails" \
	-e $INSTANCES -e $MDEVS \
	-p "$INSTANCES/$uuid/driver" \
	-w "1=$MDEVS/$uuid/remove" write "$uuid" "$dir/create"
check "an instance of class virtio can be created after allocations failed" \
	create_hw $HW_RNG virtio "$uuid"
check "an instance of class virtio can be removed after allocations failed" \
	remove_mdev "$uuid"

# For the parent driver class VHOST is the same, and only one function can be
# avoided, so what there is beside is what its class driver allocates.
spare_function vfio_create_group
vhost=/sys/bus/mdev_class/drivers/vhost_mdev
uuid=$(new_uuid)
create_hw $HW_RNG vhost "$uuid"
check "vhost_mdev can be unbound" put "$uuid" $vhost/unbind
faults "a bind of vhost_mdev cleans up after each allocation that fails" \
	-p "$INSTANCES/$uuid/driver" \
	-w "$uuid=$vhost/unbind" write "$uuid" $vhost/bind
check "vhost_mdev can be bound after allocations failed" put "$uuid" $vhost/bind
check "the instance of class vhost can be removed" remove_mdev "$uuid"

# --- a user opens it and starts it -------------------------------------------

hw_release $HW_RNG
put 0 $PCI/devices/$HW_RNG/enable
check "virtio_pci takes the function back after allocations failed" hw_return $HW_RNG
hw_vhost $HW_PAGES || exit 1
# started WHAT
started()
{
	# shellcheck disable=SC2086 # nothing, or an option
	faults "a user survives each allocation that fails, $1" \
		-k -s "idle=$INSTANCES/$UUID/state" \
		user-hw traffic --uuid "$UUID" --frames 4 --doorbell $WAY
	check "frames come back after allocations failed, $1" user_hw traffic
}

# As the device is closed, the IOMMU's core gives the group its domain back, which
# may not fail and does so, with a warning, when VT-d has no memory.  On the way of
# VFIO no module of ours is on the stack then, but vfio may lie between ours.
spare_function __iommu_release_dma_ownership
WAY=
started VFIO
WAY=--chardev
started "char device"
check "the instance of class vhost can be removed" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return $HW_PAGES

failslab_end
