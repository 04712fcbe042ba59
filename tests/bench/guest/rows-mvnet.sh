# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# The project's own device.

# VIRTIO_F_RING_PACKED
PACKED_BIT=34
PACKED_MASK=0x400000000

# mvnet_up virtio|vhost|vfio [FEATURES_OFF]: an instance with one pair, $UUID
mvnet_up()
{
	modprobe mvnet features_off="${2:-0}" || return 1
	UUID=$(cat /proc/sys/kernel/random/uuid)
	for _d in "/sys/class/mdev_bus/mvnet0-$1"/mdev_supported_types/*-net1; do
		echo "$UUID" >"$_d/create"
	done
}

mvnet_down()
{
	echo 1 >"/sys/bus/mdev/devices/$UUID/remove"
	for _m in mvnet mdev_soft_net mvblk virtio_mdev vhost_mdev vfio_mdev mdev_vfio \
		mdev_core; do
		rmmod "$_m" 2>/dev/null
	done
}

# mvnet_netdev_up [FEATURES_OFF]: and the kernel's virtio-net on it, $DEV
mvnet_netdev_up()
{
	modprobe pktgen
	modprobe virtio_net
	modprobe virtio_mdev
	mvnet_up virtio "${1:-0}" || return 1
	usleep 200000
	DEV=$(virtio_child "/sys/bus/mdev_class/devices/$UUID" net) &&
		ip link set "$DEV" up
}

# mvnet_is_packed 0|1: whether its rings are packed, or not
mvnet_is_packed()
{
	for _d in "/sys/bus/mdev_class/devices/$UUID"/virtio*/features; do
		[ "$(cut -c $((PACKED_BIT + 1)) "$_d")" = "$1" ]
	done
}

# --- the kernel's virtio-net on it, with split rings as the peers have

setup_mvnet_virtio()
{
	mvnet_netdev_up $PACKED_MASK && mvnet_is_packed 0
}

run_mvnet_virtio()
{
	run_netdev mvnet_virtio "$DEV" "$(cat "/sys/class/net/$DEV/address")"
}

teardown_mvnet_virtio()
{
	mvnet_down
}

# --- ... and with packed ones, which it takes where they are offered

setup_mvnet_virtio_pk()
{
	mvnet_netdev_up && mvnet_is_packed 1
}

run_mvnet_virtio_pk()
{
	run_netdev mvnet_virtio_pk "$DEV" "$(cat "/sys/class/net/$DEV/address")"
}

teardown_mvnet_virtio_pk()
{
	mvnet_down
}

# --- rings in user space

# mvnet_rings_up vhost|vfio: an instance for a program
mvnet_rings_up()
{
	modprobe vfio_iommu_type1
	modprobe "$1_mdev"
	mvnet_up "$1" || return 1
	echo "$MAC" >"/sys/bus/mdev_class/devices/$UUID/mac"
}

# what vhost-vdpa has no rows of
run_mvnet_rings()
{
	run_ringbench "$1" flood64.evidx "$(percent_of 40000)" flood -E
	run_ringbench "$1" flood64.packed "$(percent_of 40000)" flood -K
	run_ringbench "$1" flood64.b1.packed "$(percent_of 20000)" flood -B 1 -K
	run_ringbench "$1" flood1500.packed "$(percent_of 20000)" flood -s 1500 -K
	run_ringbench "$1" pingpong.packed "$(percent_of 8000)" pingpong -K
	run_ringbench "$1" abuse.packed 1 abuse -K
	run_ringbench "$1" map256M 1 map
	run_ringbench "$1" map256M.4kfrag 1 map -F
}

# --- ... through its VFIO fd

setup_mvnet_vfio()
{
	mvnet_rings_up vhost && RING_DEV="-b vfio -d $UUID"
}

run_mvnet_vfio()
{
	run_ring mvnet_vfio
	run_ringbench mvnet_vfio kick "$(percent_of 20000)" kick
	run_mvnet_rings mvnet_vfio
}

teardown_mvnet_vfio()
{
	mvnet_down
}

# --- ... through the PCI function that a VMM sees of an instance of class VFIO, with
# kicks that are writes to its BAR, and with eventfds that stand for them

setup_mvnet_vfiopci()
{
	mvnet_rings_up vfio && RING_DEV="-b vfiopci -d $UUID"
}

run_mvnet_vfiopci()
{
	run_ring mvnet_vfiopci
	run_ringbench mvnet_vfiopci flood64.ioeventfd "$(percent_of 40000)" flood -I
	run_ringbench mvnet_vfiopci flood64.b1.ioeventfd "$(percent_of 20000)" flood -B 1 -I
	run_ringbench mvnet_vfiopci flood1500.ioeventfd "$(percent_of 20000)" flood -s 1500 -I
	run_ringbench mvnet_vfiopci pingpong.ioeventfd "$(percent_of 8000)" pingpong -I
	run_ringbench mvnet_vfiopci setup.ioeventfd 10 setup -I
	run_ringbench mvnet_vfiopci kick "$(percent_of 20000)" kick
	run_ringbench mvnet_vfiopci kick "$(percent_of 20000)" kick -I
	run_mvnet_rings mvnet_vfiopci
}

teardown_mvnet_vfiopci()
{
	mvnet_down
}

# --- ... and through the char device of class VHOST, as the same program uses vhost-vdpa

setup_mvnet_chardev()
{
	mvnet_rings_up vhost || return 1
	for _d in "/sys/bus/mdev_class/devices/$UUID"/vhost-mdev/vhost-mdev-*; do
		RING_DEV="-b vdpa -d /dev/$(basename "$_d")"
	done
}

run_mvnet_chardev()
{
	run_ring mvnet_chardev
	run_mvnet_rings mvnet_chardev
	# as vhost_vdpa_pa has them, where that can be
	run_ringbench mvnet_chardev map7M.4kfrag 1 map -L 0x700000 -F
	once run_ringbench mvnet_chardev map7M.4kfrag.nobatch 1 map -L 0x700000 -F -N
	once run_ringbench mvnet_chardev map256M.4kfrag.nobatch 1 map -F -N
}

teardown_mvnet_chardev()
{
	mvnet_down
}
