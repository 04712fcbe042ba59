# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# What is there already.

# --- the floor: pktgen and the stack with a device that does nothing

setup_dummy()
{
	modprobe pktgen
	modprobe dummy
	ip link add dm0 type dummy && ip link set dm0 up
}

run_dummy()
{
	run_pktgen dummy pg64 dm0 52:54:00:00:00:99 60 "$(percent_of 100000)" 1 0 dm0
	run_pktgen dummy pg1500 dm0 52:54:00:00:00:99 1500 "$(percent_of 100000)" 1 0 dm0
	run_starts dummy fromhost64 dm0 "$(percent_of 100)" dm0
}

teardown_dummy()
{
	ip link del dm0
}

# --- a pair of veth devices

setup_veth()
{
	modprobe pktgen
	modprobe veth
	ip link add va type veth peer name vb &&
		ip link set va up && ip link set vb up
}

run_veth()
{
	_to=$(cat /sys/class/net/vb/address)
	run_pktgen veth pg64 va "$_to" 60 "$(percent_of 100000)" 1 0 vb
	run_pktgen veth pg1500 va "$_to" 1500 "$(percent_of 100000)" 1 0 vb
	[ "$MODE" = icount ] || return
	run_pktgen veth pg64.paced1 va "$_to" 60 "$(percent_of 4000)" 1 200000 vb
}

teardown_veth()
{
	ip link del va
}

# --- vdpa_sim: the kernel's simulator

# vdpa_up net|blk DRIVER [OPTION_OF_VDPA_SIM...]
vdpa_up()
{
	_type=$1
	_driver=$2
	shift 2
	modprobe vdpa
	# the one that is wanted, by hand
	echo 0 >/sys/bus/vdpa/drivers_autoprobe
	modprobe "$_driver" && modprobe vdpa_sim "$@" &&
		modprobe "vdpa_sim_$_type" || return 1
	if [ "$_type" = net ]; then
		vdpa dev add name s0 mgmtdev vdpasim_net mac "$MAC" || return 1
	else
		vdpa dev add name s0 mgmtdev vdpasim_blk || return 1
	fi
	echo s0 >"/sys/bus/vdpa/drivers/$_driver/bind"
}

# vdpa_down net|blk
vdpa_down()
{
	vdpa dev del s0
	rmmod "vdpa_sim_$1"
	rmmod vdpa_sim
	rmmod vhost_vdpa 2>/dev/null
}

# virtio_child DIR net|block: the first such device of a virtio device below DIR
virtio_child()
{
	for _d in "$1"/virtio*/"$2"/*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
		return
	done
}

# --- the kernel's virtio-net on it

setup_virtio_vdpa()
{
	modprobe pktgen
	modprobe virtio_net
	vdpa_up net virtio_vdpa || return 1
	usleep 200000
	DEV=$(virtio_child /sys/bus/vdpa/devices/s0 net) &&
		ip link set "$DEV" up
}

run_virtio_vdpa()
{
	run_netdev virtio_vdpa "$DEV" "$MAC"
}

teardown_virtio_vdpa()
{
	vdpa_down net
}

# --- rings in user space on it, its memory as it is by default ...

setup_vhost_vdpa()
{
	RING_DEV="-b vdpa -d /dev/vhost-vdpa-0"
	vdpa_up net vhost_vdpa && usleep 100000
}

run_vhost_vdpa()
{
	run_ring vhost_vdpa
	run_ringbench vhost_vdpa map256M 1 map
}

teardown_vhost_vdpa()
{
	vdpa_down net
}

# --- ... and with pages pinned and translated, as hardware needs it

setup_vhost_vdpa_pa()
{
	RING_DEV="-b vdpa -d /dev/vhost-vdpa-0"
	vdpa_up net vhost_vdpa use_va=0 && usleep 100000
}

run_vhost_vdpa_pa()
{
	_map="ring vhost_vdpa_pa"
	run_ring vhost_vdpa_pa
	# Refused as soon as the memory is in more than 2048 pieces, the
	# default limit of an address space: a result, too.
	$_map map256M 1 map
	# Without a batch each piece sends the whole table: take few
	$_map map7M.4kfrag 1 map -L 0x700000 -F
	once "$_map" map3.5M.4kfrag.nobatch 1 map -L 0x380000 -F -N
	once "$_map" map7M.4kfrag.nobatch 1 map -L 0x700000 -F -N
	# with room for every page
	vdpa_down net
	modprobe vhost_vdpa max_iotlb_entries=131072
	vdpa_up net vhost_vdpa use_va=0 max_iotlb_entries=131072 &&
		usleep 100000
	$_map map256M.roomy 1 map
	$_map map256M.4kfrag.roomy 1 map -F
}

teardown_vhost_vdpa_pa()
{
	vdpa_down net
}

# --- rings in user space by vhost-net, on a tap that sends to itself what it gets

setup_vhost_net()
{
	RING_DEV="-b net -d tl0"
	for _m in tun vhost_net sch_ingress cls_matchall act_mirred; do
		modprobe "$_m"
	done
	ip tuntap add dev tl0 mode tap vnet_hdr && ip link set tl0 up &&
		tc qdisc add dev tl0 clsact &&
		tc filter add dev tl0 ingress matchall \
			action mirred egress redirect dev tl0
}

run_vhost_net()
{
	run_ring vhost_net
	run_ringbench vhost_net flood64.evidx "$(percent_of 40000)" flood -E
	run_ringbench vhost_net map256M 1 map
}

teardown_vhost_net()
{
	ip link del tl0
}

# --- block: the floor, and the simulator

setup_nullblk()
{
	nullblk_up
}

run_nullblk()
{
	run_blk nullblk /dev/nullb0
}

teardown_nullblk()
{
	rmmod null_blk
}

setup_vdpa_blk()
{
	modprobe virtio_blk
	vdpa_up blk virtio_vdpa || return 1
	usleep 300000
	DEV=$(virtio_child /sys/bus/vdpa/devices/s0 block)
}

run_vdpa_blk()
{
	run_blk vdpa_blk "/dev/$DEV"
}

teardown_vdpa_blk()
{
	vdpa_down blk
}
