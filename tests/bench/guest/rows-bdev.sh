# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# Block devices on a null_blk device, which stores nothing and leaves the memory that
# it is to read to as it was: mvblk, and as a peer the loop device.  The floor is the
# row nullblk, which reads that device itself.

# nullblk_up: /dev/nullb0
nullblk_up()
{
	modprobe null_blk nr_devices=1 queue_mode=2 gb=1 irqmode=0 bs=512 &&
		echo none >/sys/block/nullb0/queue/scheduler
}

setup_loop_nullblk()
{
	modprobe loop
	nullblk_up && DEV=$(/bin/losetup --direct-io=on --show -f /dev/nullb0)
}

run_loop_nullblk()
{
	run_blk loop_nullblk "$DEV"
}

teardown_loop_nullblk()
{
	/bin/losetup -d "$DEV"
	rmmod null_blk
}

# --- mvblk, and the kernel's virtio-blk on it with split rings, as its peers have

# mvblk_nullblk_up virtio|vhost [FEATURES_OFF]: an instance on /dev/nullb0, $UUID
mvblk_nullblk_up()
{
	nullblk_up || return 1
	modprobe "$1_mdev"
	modprobe mvblk features_off="${2:-0}" || return 1
	UUID=$(cat /proc/sys/kernel/random/uuid)
	for _d in "/sys/class/mdev_bus/mvblk0-$1"/mdev_supported_types/*-bdev; do
		echo "$UUID" >"$_d/create"
	done
	echo /dev/nullb0 >"/sys/bus/mdev_class/devices/$UUID/backing"
}

setup_mvblk_bdev_virtio()
{
	modprobe virtio_blk
	mvblk_nullblk_up virtio $((PACKED_MASK | INDIRECT_MASK)) || return 1
	for _i in 1 2 3 4 5 6 7 8 9 10; do
		DEV=$(virtio_child "/sys/bus/mdev_class/devices/$UUID" block) && break
		usleep 100000
	done
	mvnet_is_packed 0
}

run_mvblk_bdev_virtio()
{
	run_blk mvblk_bdev_virtio "/dev/$DEV"
}

teardown_mvblk_bdev_virtio()
{
	mvnet_down
	rmmod null_blk
}

# --- ... and a program with rings of its own

setup_mvblk_bdev_vfio()
{
	modprobe vfio_iommu_type1
	mvblk_nullblk_up vhost && RING_DEV="-k -z -b vfio -d $UUID"
}

run_mvblk_bdev_vfio()
{
	run_mvblk_rings mvblk_bdev_vfio
}

teardown_mvblk_bdev_vfio()
{
	mvnet_down
	rmmod null_blk
}
