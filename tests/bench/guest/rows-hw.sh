# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# Functions on the PCI bus behind an IOMMU, with -H of tests/bench/run: by the
# kernel's own driver for them, and as instances.

HW_NET=0000:00:10.0
HW_BLK=0000:00:11.0
PCI=/sys/bus/pci

# hw_bind FUNCTION DRIVER
hw_bind()
{
	[ ! -e "$PCI/devices/$1/driver" ] ||
		echo "$1" >"$PCI/devices/$1/driver/unbind"
	echo "$2" >"$PCI/devices/$1/driver_override"
	echo "$1" >$PCI/drivers_probe
	[ "$(basename "$(readlink "$PCI/devices/$1/driver")")" = "$2" ]
}

# hw_create FUNCTION virtio|vhost|vfio: an instance, $UUID
hw_create()
{
	hw_bind "$1" vp_mdev || return 1
	UUID=$(cat /proc/sys/kernel/random/uuid)
	for _d in "/sys/class/mdev_bus/$1-$2"/mdev_supported_types/*; do
		echo "$UUID" >"$_d/create"
	done
	usleep 200000
}

# hw_child FUNCTION net|block: what its virtio device has become
hw_child()
{
	for _d in "$PCI/devices/$1"/virtio*/"$2"/*; do
		[ -d "$_d" ] && basename "$_d"
	done
}

# run_hw ROW: frames that go nowhere, because the router does not know their address,
# with idle time left out; and reads
run_hw()
{
	_net=$(hw_child $HW_NET net)
	_blk=$(hw_child $HW_BLK block)
	ip link set "$_net" up
	run_pktgen "$1" tx64.paced1 "$_net" "$MAC" 60 "$(percent_of 4000)" 1 400000 "$_net"
	run_pktgen "$1" tx64.paced32 "$_net" "$MAC" 60 "$(percent_of 8000)" 32 4000000 "$_net"
	echo none >"/sys/block/$_blk/queue/scheduler"
	# The device works while the clock stands still, or not: of all but the
	# usual request that is noise.
	profiled "$1/rr4k.qd1" "$(percent_of 4000)" blkbench -R "$1" -M rr4k.qd1 \
		-d "/dev/$_blk" -q 1 -n "$(percent_of 4000)" | grep -e p50 -e ERR
}

hw_modules()
{
	modprobe pktgen
	modprobe virtio_net
	modprobe virtio_blk
	modprobe vp_mdev
}

# --- by virtio_pci

setup_hw_pci()
{
	hw_modules
	hw_bind $HW_NET virtio-pci && hw_bind $HW_BLK virtio-pci
	usleep 200000
}

run_hw_pci()
{
	run_hw hw_pci
}

teardown_hw_pci()
{
	:
}

# --- as instances of class VIRTIO

setup_hw_virtio()
{
	hw_modules
	modprobe virtio_mdev
	hw_create $HW_NET virtio && hw_create $HW_BLK virtio
}

run_hw_virtio()
{
	run_hw hw_virtio
}

teardown_hw_virtio()
{
	for _d in /sys/bus/mdev/devices/*; do
		echo 1 >"$_d/remove"
	done
}

# --- of class VHOST, through the VFIO fd

setup_hw_vfio()
{
	hw_modules
	modprobe vfio_iommu_type1
	modprobe vhost_mdev
	hw_create $HW_NET vhost && RING_DEV="-b vfio -d $UUID"
}

# run_hw_ring ROW: kicks by a mapped doorbell, too
run_hw_ring()
{
	run_ringbench "$1" kick "$(percent_of 20000)" kick
	run_ringbench "$1" interrupt "$(percent_of 400)" interrupt
	run_ringbench "$1" setup 10 setup
}

run_hw_vfio()
{
	run_hw_ring hw_vfio
}

teardown_hw_vfio()
{
	teardown_hw_virtio
}

# --- of class VFIO, through the PCI function that a VMM sees

setup_hw_vfiopci()
{
	hw_modules
	modprobe vfio_iommu_type1
	modprobe vfio_mdev
	hw_create $HW_NET vfio && RING_DEV="-b vfiopci -d $UUID"
}

run_hw_vfiopci()
{
	run_hw_ring hw_vfiopci
	run_ringbench hw_vfiopci kick "$(percent_of 20000)" kick -I
}

teardown_hw_vfiopci()
{
	teardown_hw_virtio
}
