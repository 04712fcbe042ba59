# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# The project's own device.

# mvnet_up virtio|vhost: an instance with one pair, $UUID
mvnet_up()
{
	modprobe mvnet || return 1
	UUID=$(cat /proc/sys/kernel/random/uuid)
	for _d in "/sys/class/mdev_bus/mvnet0-$1"/mdev_supported_types/*-net1; do
		echo "$UUID" >"$_d/create"
	done
}

mvnet_down()
{
	echo 1 >"/sys/bus/mdev/devices/$UUID/remove"
	for _m in mvnet virtio_mdev vhost_mdev mdev_core; do
		rmmod "$_m" 2>/dev/null
	done
}

# --- the kernel's virtio-net on it

setup_mvnet_virtio()
{
	modprobe pktgen
	modprobe virtio_net
	modprobe virtio_mdev
	mvnet_up virtio || return 1
	usleep 200000
	DEV=$(virtio_child "/sys/bus/mdev_class/devices/$UUID" net) &&
		ip link set "$DEV" up
}

run_mvnet_virtio()
{
	run_netdev mvnet_virtio "$DEV" "$(cat "/sys/class/net/$DEV/address")"
}

teardown_mvnet_virtio()
{
	mvnet_down
}

# --- rings in user space by its VFIO fd

setup_mvnet_vfio()
{
	modprobe vfio_iommu_type1
	modprobe vhost_mdev
	mvnet_up vhost || return 1
	echo "$MAC" >"/sys/bus/mdev_class/devices/$UUID/mac"
	RING_DEV="-b vfio -d $UUID"
}

run_mvnet_vfio()
{
	run_ring mvnet_vfio
	ring mvnet_vfio flood64.evidx "$(n 40000)" flood -E
	if ring mvnet_vfio probe 1 probe -K; then
		ring mvnet_vfio flood64.packed "$(n 40000)" flood -K
		ring mvnet_vfio flood64.b1.packed "$(n 20000)" flood -B 1 -K
		ring mvnet_vfio flood1500.packed "$(n 20000)" flood -s 1500 -K
		ring mvnet_vfio pingpong.packed "$(n 8000)" pingpong -K
		ring mvnet_vfio abuse.packed 1 abuse -K
	fi
	ring mvnet_vfio map256M 1 map
	ring mvnet_vfio map256M.4kfrag 1 map -F
}

teardown_mvnet_vfio()
{
	mvnet_down
}
