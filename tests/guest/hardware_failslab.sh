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

# --- the function ------------------------------------------------------------

hw_release $HW_PAGES
put vp_mdev $PCI/devices/$HW_PAGES/driver_override
# ACPI uses what it has freed, if memory is short as it looks for an interrupt
avoid acpi_ns_evaluate
# not its link in /sys/class/mdev_bus, which mdev does without
faults "vp_mdev binds" -p $PCI/devices/$HW_PAGES/driver \
	-w "$HW_PAGES=$PCI/drivers/vp_mdev/unbind" \
	write $HW_PAGES $PCI/drivers/vp_mdev/bind
check "it binds afterwards" put $HW_PAGES $PCI/drivers/vp_mdev/bind

avoid vfio_create_group
# The kernel does not notice that a file of an interrupt in /proc could not be
# made, and warns when it is to be removed.
avoid register_irq_proc

# --- create ------------------------------------------------------------------

for class in virtio vhost; do
	uuid=$(new_uuid)
	dir=$(type_dir $HW_PAGES-$class 'mdev_port-vp_mdev-*')
	faults "create of class $class" -e $INSTANCES -e $MDEVS \
		-p $INSTANCES/$uuid/driver \
		-w "1=$MDEVS/$uuid/remove" write "$uuid" "$dir/create"
	check "class $class: create works afterwards" \
		create_hw $HW_PAGES $class "$uuid"
	check "class $class: so does remove" remove_mdev "$uuid"
done

# --- a user opens it and starts it -------------------------------------------

UUID=$(new_uuid)
create_hw $HW_PAGES vhost "$UUID"
for WAY in "" --chardev; do
	# shellcheck disable=SC2086 # nothing, or an option
	faults "open, start and traffic, ${WAY:-VFIO}" \
		-k -s "idle=$INSTANCES/$UUID/state" \
		vmhw traffic --uuid "$UUID" --frames 4 --doorbell $WAY
	check "it works afterwards, ${WAY:-VFIO}" vh traffic
done
check "class vhost: remove" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return $HW_PAGES

failslab_end
