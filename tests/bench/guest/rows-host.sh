# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# Devices whose other end is a network interface of the host, $HOST: one of net_mdev,
# and as its peer a tap with vhost-net.  The same program drives the rings.

HOST_IP=10.9.0.1
RING_IP=10.9.0.2
# That many frames at a time have room in the rings of the largest size.
FRAMES=400

# host_drops on|off: whether what arrives at $HOST ends there
host_drops()
{
	if [ "$1" = on ]; then
		tc qdisc add dev "$HOST" clsact &&
			tc filter add dev "$HOST" ingress matchall action drop
	else
		tc qdisc del dev "$HOST" clsact
	fi
}

# run_starts ROW METRIC DEV STARTS RXDEV: pktgen, so often, with what there is room for
run_starts()
{
	profiled "$1/$2" $(($4 * FRAMES)) pgbench -R "$1" -M "$2" -d "$3" \
		-m "$MAC" -s 60 -n $(($4 * FRAMES)) \
		-N "$4" -x "$5"
}

# run_from_host ROW METRIC STARTS: pktgen sends on $HOST, the program receives
run_from_host()
{
	_frames=$(($3 * FRAMES))
	# kprof has it run four times more
	[ "$PROFILE" = 0 ] || [ -n "$WARM_UP" ] || _frames=$((_frames * 5))
	# shellcheck disable=SC2086 # options
	ringbench $RING_DEV -i "$HOST" -m "$MAC" -R "$1" -M "$2" -q 512 \
		-n $_frames receive &
	_receiver=$!
	for _i in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(cat "/sys/class/net/$HOST/operstate")" = up ] && break
		usleep 20000
	done
	usleep 50000
	run_starts "$1" "$2" "$HOST" "$3" -
	wait $_receiver
}

# run_host ROW: $HOST and $RING_DEV are the two ends
run_host()
{
	host_drops on || return
	run_ringbench "$1" tohost64 "$(percent_of 40000)" send -i "$HOST"
	run_ringbench "$1" tohost64.b1 "$(percent_of 20000)" send -i "$HOST" -B 1
	run_ringbench "$1" tohost1500 "$(percent_of 20000)" send -i "$HOST" -s 1500
	host_drops off
	run_ringbench "$1" tohost64.xdp "$(percent_of 40000)" send -i "$HOST" -X
	run_from_host "$1" fromhost64 "$(percent_of 100)"
	run_ringbench "$1" pingpong "$(percent_of 8000)" pingpong -i "$HOST"

	ip addr add $HOST_IP/24 dev "$HOST"
	ip neigh replace $RING_IP lladdr "$MAC" dev "$HOST"
	run_ringbench "$1" tcp.tohost "$(percent_of 262144)" tcpsend -i "$HOST"
	run_ringbench "$1" tcp.fromhost "$(percent_of 262144)" tcpreceive -i "$HOST"
	ip addr del $HOST_IP/24 dev "$HOST"
}

host_modules()
{
	for _m in pktgen sch_ingress cls_matchall act_gact; do
		modprobe "$_m"
	done
}

# --- two processes without a device

setup_two_tasks()
{
	RING_DEV="-b net -d none"
}

run_two_tasks()
{
	run_ringbench two_tasks wake "$(percent_of 8000)" wake
}

teardown_two_tasks()
{
	:
}

# --- a tap with vhost-net

setup_tap_vhost()
{
	HOST=tap0
	RING_DEV="-b net -d tap0"
	host_modules
	modprobe tun
	modprobe vhost_net
	ip tuntap add dev tap0 mode tap vnet_hdr && ip link set tap0 up
}

run_tap_vhost()
{
	run_host tap_vhost
}

teardown_tap_vhost()
{
	ip link del tap0
}

# --- net_mdev

# netmdev_up virtio|vhost|vfio [FEATURES_OFF]: an instance with one pair, $UUID, $HOST
netmdev_up()
{
	modprobe "$1_mdev"
	modprobe net_mdev || return 1
	UUID=$(cat /proc/sys/kernel/random/uuid)
	for _d in /sys/class/mdev_bus/net_mdev*-"$1"/mdev_supported_types/*-one; do
		echo "$UUID" >"$_d/create"
	done
	echo "$MAC" >"/sys/bus/mdev_class/devices/$UUID/mac" || return 1
	HOST=$(basename /sys/bus/mdev/devices/"$UUID"/net/*)
	ip link set "$HOST" up
}

netmdev_down()
{
	echo 1 >"/sys/bus/mdev/devices/$UUID/remove"
	for _m in net_mdev mdev_soft_net virtio_mdev vhost_mdev vfio_mdev \
		mdev_vfio mdev_core; do
		rmmod "$_m" 2>/dev/null
	done
}

# --- ... through the VFIO fd

setup_netmdev_vfio()
{
	host_modules
	modprobe vfio_iommu_type1
	netmdev_up vhost && RING_DEV="-b vfio -d $UUID"
}

run_netmdev_vfio()
{
	run_host netmdev_vfio
}

teardown_netmdev_vfio()
{
	netmdev_down
}

# --- ... and through the char device

setup_netmdev_chardev()
{
	host_modules
	netmdev_up vhost || return 1
	for _d in "/sys/bus/mdev_class/devices/$UUID"/vhost-mdev/vhost-mdev-*; do
		RING_DEV="-b vdpa -d /dev/$(basename "$_d")"
	done
}

run_netmdev_chardev()
{
	run_host netmdev_chardev
}

teardown_netmdev_chardev()
{
	netmdev_down
}
