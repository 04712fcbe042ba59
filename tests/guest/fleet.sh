#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
#
# What those who manage many hosts read in sysfs, in their order: KubeVirt, and libvirt, which
# Nova asks.  docs/fleet.md has the names that are expected here.
. /tests/lib.sh

CLASS=/sys/class/mdev_bus
MDEVS=/sys/bus/mdev/devices

# part PATH: its last component
part()
{
	echo "${1##*/}"
}

# selector UUID: how KubeVirt calls a device: its type's name, without blanks
selector()
{
	sed 's/ /_/g' "$MDEVS/$1/mdev_type/name"
}

# kubevirt UUID PORT SELECTOR: it finds the device of class VFIO
kubevirt()
{
	check "KubeVirt finds a link to the device of $2" test -L "$MDEVS/$1"
	check_equal "the device of $2 has the name of the docs" "$3" "$(selector "$1")"
	_link=$(readlink "$MDEVS/$1")
	check_equal "the device of $2 is in the directory of its parent" "$2" \
		"$(part "${_link%/*}")"
	check_not "the parent $2 is no PCI device with a NUMA node" \
		test -e "/sys/bus/pci/devices/$2/numa_node"
	_group=$(part "$(readlink "$MDEVS/$1/iommu_group")")
	check "the IOMMU group of the device of $2 has a number" \
		eval "echo '$_group' | grep -qx '[0-9][0-9]*'"
	check "the group of the device of $2 has a node" test -c "/dev/vfio/$_group"
}

# libvirt_type PORT TYPE API: what virsh nodedev would list if the port were a PCI device
libvirt_type()
{
	_type=$CLASS/$1/mdev_supported_types/$2
	check "the type $2 of $1 has a name" grep -q . "$_type/name"
	check_equal "the type $2 of $1 has the device_api of its class" "$3" \
		"$(cat "$_type/device_api")"
	check "the type $2 of $1 has a number of instances" \
		grep -qx '[0-9][0-9]*' "$_type/available_instances"
}

# libvirt_device UUID PORT TYPE
libvirt_device()
{
	check_equal "the device of $2 has a link to its type" "$3" \
		"$(part "$(readlink "$MDEVS/$1/mdev_type")")"
	check "the type $3 of $2 has a link to its device" \
		test -e "$CLASS/$2/mdev_supported_types/$3/devices/$1/remove"
}

modprobe -a vfio_iommu_type1 vfio_mdev net_mdev mvblk
net=$(new_uuid)
disk=$(new_uuid)
kernel=$(new_uuid)

libvirt_type net_mdev-vfio mdev_port-net_mdev-one vfio-pci
libvirt_type mvblk0-vfio mdev_port-mvblk-file vfio-pci
libvirt_type net_mdev-vhost mdev_port-net_mdev-one vfio-vhost
left=$CLASS/net_mdev-vfio/mdev_supported_types/mdev_port-net_mdev-one/available_instances
before=$(cat "$left")

check "a network device can be created" \
	put "$net" $CLASS/net_mdev-vfio/mdev_supported_types/mdev_port-net_mdev-one/create
check_equal "one instance less is available" $((before - 1)) "$(cat "$left")"
check "a disk can be created" \
	put "$disk" $CLASS/mvblk0-vfio/mdev_supported_types/mdev_port-mvblk-file/create
check "a network device of this kernel can be created" \
	put "$kernel" $CLASS/net_mdev-virtio/mdev_supported_types/mdev_port-net_mdev-one/create
kubevirt "$net" net_mdev-vfio net_mdev_network_device,_1_queue_pair
kubevirt "$disk" mvblk0-vfio mvblk_block_device,_a_file
check_not "a device of this kernel has no IOMMU group" test -e "$MDEVS/$kernel/iommu_group"
libvirt_device "$net" net_mdev-vfio mdev_port-net_mdev-one
libvirt_device "$disk" mvblk0-vfio mdev_port-mvblk-file

check "KubeVirt's list of types has each port once" eval \
	"[ \$(ls -d $CLASS/*/mdev_supported_types/mdev_port-net_mdev-one | wc -l) = 3 ]"
check "the network device is removed by its file" put 1 "$MDEVS/$net/remove"
check "the disk is removed by its file" put 1 "$MDEVS/$disk/remove"
check "the device of this kernel is removed by its file" put 1 "$MDEVS/$kernel/remove"
check_equal "the instance is available again" "$before" "$(cat "$left")"
unload
