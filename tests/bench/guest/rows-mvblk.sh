# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# The project's own block device, driven by the kernel's virtio-blk with split
# rings, as its peer is, and without indirect descriptors, as is its default.

# VIRTIO_RING_F_INDIRECT_DESC
INDIRECT_MASK=0x10000000

setup_mvblk_virtio()
{
	modprobe virtio_blk
	modprobe virtio_mdev
	modprobe mvblk features_off=$((PACKED_MASK | INDIRECT_MASK)) ||
		return 1
	UUID=$(cat /proc/sys/kernel/random/uuid)
	for _d in /sys/class/mdev_bus/mvblk0-virtio/mdev_supported_types/*-ram64m; do
		echo "$UUID" >"$_d/create"
	done
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
