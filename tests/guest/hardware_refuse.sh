#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# devices: hardware outside
#
# Functions that can have no instance, and what the log says to do about it.
. /tests/lib.sh
. /tests/lib-hw.sh

modprobe vp_mdev

# check_advice PATTERN: the log has it; the next check sees what comes after this
check_advice()
{
	check_log "the log says what to do: $1" "$1"
	log_mark
}

log_mark
check_errno "a legacy function cannot be bound" ENODEV hw_bind $HW_LEGACY
check_advice "$HW_LEGACY: no virtio function .* of virtio 1\.0 .*disable-legacy=on"
check "virtio_pci takes a legacy function back" hw_return $HW_LEGACY
check_equal "virtio_pci has the legacy function" virtio-pci "$(pci_driver $HW_LEGACY)"

# check_no_instance FUNCTION WHAT PATTERN
check_no_instance()
{
	check "$2 can be bound" hw_bind "$1" || return 1
	for class in virtio vhost; do
		log_mark
		check_errno "$2 has no instance of class $class" EOPNOTSUPP \
			create_hw "$1" $class "$(new_uuid)"
		check_advice "$3"
	done
	check_equal "$2 has no instance" 0 "$(instances)"
	check "$2 can be returned" hw_return "$1"
	check_equal "$2 is virtio_pci's again" virtio-pci "$(pci_driver "$1")"
}

check_no_instance $HW_NO_PLATFORM "a function without ACCESS_PLATFORM" \
	"does not offer VIRTIO_F_ACCESS_PLATFORM.*iommu_platform=on"

# function_behind BRIDGE: the first function behind a bridge
function_behind()
{
	for _f in "$PCI/devices/$1"/*:*:*.[0-7]; do
		[ -e "$_f/vendor" ] || continue
		if [ -d "$_f/pci_bus" ]; then
			function_behind "$1/$(basename "$_f")"
		else
			basename "$_f"
		fi
		return
	done
}

grouped=$(function_behind 0000:00:15.0)
check_no_instance "$grouped" "a function in a group with others" \
	"$grouped shares IOMMU group [0-9]* with [0-9]* more: .*iommu_groups"

# --- an IOMMU that does nothing for the host's drivers -------------------------

warned="the IOMMU passes the DMA of $HW_RNG on as it is.*iommu=pt"
# created CLASS: an instance can be created and removed; its lines of the log are new
created()
{
	log_mark
	uuid=$(new_uuid)
	check "an instance of class $1, domain $domain" create_hw $HW_RNG "$1" "$uuid"
	rng_answered $HW_RNG
	check "class $1, domain $domain: the instance can be removed" remove_mdev "$uuid"
}

hw_release $HW_RNG
group=$(readlink $PCI/devices/$HW_RNG/iommu_group)
type=/sys/kernel/iommu_groups/${group##*/}/type
domain=identity
check "a function's domain can pass its DMA on" put $domain "$type"
check "the function can be bound" hw_bind $HW_RNG || exit 1
created virtio
check_advice "$warned"
created vhost
check_equal "class vhost has a domain of its own, so nothing is said" "" \
	"$(log_new | grep "$warned")"
hw_release $HW_RNG
domain=DMA
check "a function's domain can translate its DMA" put $domain "$type"
check "a function whose domain is set to translate can be bound" hw_bind $HW_RNG || exit 1
created virtio
check_equal "a domain that translates is not warned of" "" \
	"$(log_new | grep "$warned")"
check "virtio_pci takes the function of other domains back" hw_return $HW_RNG

# the root port is on a bus of its own, 0x40 or what the firmware makes of it
free=
for f in "$PCI"/devices/*; do
	[ "$(cat "$f/vendor")" = 0x1af4 ] && [ ! -e "$f/iommu_group" ] &&
		free=$(basename "$f")
done
check "QEMU has a function behind no IOMMU" test -n "$free" || exit 1
# Where ACPI gives up looking for its interrupt, which it does after 30 s, it has none.
if rng_answered "$free"; then
	check_no_instance "$free" "a function behind no IOMMU" \
		"$free is behind no IOMMU: .*intel_iommu=on"
else
	skip "a function behind no IOMMU has no instance" "it does not answer virtio_rng"
fi
unload
