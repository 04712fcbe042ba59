# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# The project's own block device.

# VIRTIO_RING_F_INDIRECT_DESC
INDIRECT_MASK=0x10000000

# mvblk_up virtio|vhost|vfio [FEATURES_OFF]: an instance of 64 MiB of RAM, $UUID
mvblk_up()
{
	modprobe "$1_mdev"
	modprobe mvblk features_off="${2:-0}" || return 1
	UUID=$(cat /proc/sys/kernel/random/uuid)
	for _d in "/sys/class/mdev_bus/mvblk0-$1"/mdev_supported_types/*-ram64m; do
		echo "$UUID" >"$_d/create"
	done
}

# --- driven by the kernel's virtio-blk with split rings, as its peer is, and
# without indirect descriptors, as is its default

setup_mvblk_virtio()
{
	modprobe virtio_blk
	mvblk_up virtio $((PACKED_MASK | INDIRECT_MASK)) || return 1
	usleep 300000
	DEV=$(virtio_child "/sys/bus/mdev_class/devices/$UUID" block) &&
		mvnet_is_packed 0 &&
		# what was never written is read without a look at any page
		dd if=/dev/urandom of="/dev/$DEV" bs=1M count=64 2>/dev/null
}

run_mvblk_virtio()
{
	run_blk mvblk_virtio "/dev/$DEV"
}

teardown_mvblk_virtio()
{
	mvnet_down
}

# --- rings in user space

# mvblk_rings_up vhost|vfio BACKEND: an instance for a program, all written
mvblk_rings_up()
{
	modprobe vfio_iommu_type1
	mvblk_up "$1" || return 1
	RING_DEV="-k -b $2 -d $UUID"
	run_ringbench "mvblk_$2" fill 1 fill -w 32
}

# run_mvblk_rings ROW [OPTION...]
run_mvblk_rings()
{
	_blk=$1
	shift
	run_ringbench "$_blk" rr4k.qd1 "$(percent_of 10000)" read -w 1 "$@"
	run_ringbench "$_blk" rr4k.qd32 "$(percent_of 20000)" read -w 32 "$@"
	run_ringbench "$_blk" setup 10 setup "$@"
}

# --- ... through its VFIO fd

setup_mvblk_vfio()
{
	mvblk_rings_up vhost vfio
}

run_mvblk_vfio()
{
	run_mvblk_rings mvblk_vfio
}

teardown_mvblk_vfio()
{
	mvnet_down
}

# --- ... through the PCI function of class VFIO

setup_mvblk_vfiopci()
{
	mvblk_rings_up vfio vfiopci
}

run_mvblk_vfiopci()
{
	run_mvblk_rings mvblk_vfiopci
	run_ringbench mvblk_vfiopci rr4k.qd1.ioeventfd "$(percent_of 10000)" read -w 1 -I
	run_ringbench mvblk_vfiopci rr4k.qd32.ioeventfd "$(percent_of 20000)" read -w 32 -I
}

teardown_mvblk_vfiopci()
{
	mvnet_down
}
