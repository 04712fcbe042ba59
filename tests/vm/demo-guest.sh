#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What tests/vm/demo shows, in the guest.  Each command that an administrator
# would type is printed before it is run.
. /tests/lib.sh

FRAMES=100000

title()
{
	echo "=== $* ==="
}

say()
{
	echo "    $*"
}

failed()
{
	echo
	echo "FAILED: $*"
	dmesg | tail -n 25
	exit 1
}

# run COMMAND...: printed, then run
run()
{
	echo "# $*"
	"$@" || failed "$*"
}

# write TEXT FILE
write()
{
	echo "# echo $1 > $2"
	put "$1" "$2" || failed "echo $1 > $2"
}

# show FILE...: with their contents
show()
{
	for _f; do
		[ -r "$_f" ] || failed "no $_f"
		say "$_f: $(cat "$_f")"
	done
}

title "Linux $(uname -r): the modules, and the types that the sample NIC offers"
run modprobe mvnet
for port in "$MDEV_BUS"/mvnet0-*; do
	for type in "$port"/mdev_supported_types/*; do
		say "$type"
		say "    $(cat "$type/device_api"): $(cat "$type/name"), $(cat "$type/available_instances") available"
	done
done

title "A virtio network card by UUID, for the kernel's own driver"
uuid=$(new_uuid)
write "$uuid" "$(type_dir mvnet0-virtio '*-net8')/create"
inst=$INSTANCES/$uuid
show "$inst/class_id" "$inst/virtio_device_id"
say "$inst/driver -> $(driver_of "$uuid")"
run modprobe virtio_net
wait_for 10 netdev_of "$uuid" || failed "virtio_net made no net device"
netdev=$(netdev_of "$uuid")
echo 1 >"/proc/sys/net/ipv6/conf/$netdev/disable_ipv6"
run ip link set "$netdev" up
run ethtool -i "$netdev"
show "$inst/state" "/sys/class/net/$netdev/address"

title "$FRAMES frames through it: the sample loops them back"
run modprobe pktgen
pg=/proc/net/pktgen
write rem_device_all $pg/kpktgend_0
write "add_device $netdev" $pg/kpktgend_0
for line in "count $FRAMES" "pkt_size 64" "delay 0" "dst 192.0.2.2" \
	    "dst_mac $(cat "/sys/class/net/$netdev/address")"; do
	write "$line" "$pg/$netdev"
done
before=$(cat "/sys/class/net/$netdev/statistics/rx_packets")
write start $pg/pgctrl
sent=$(sed -n 's/.*pkts-sofar: *\([0-9]*\).*/\1/p' "$pg/$netdev")
received()
{
	echo $(($(cat "/sys/class/net/$netdev/statistics/rx_packets") - before))
}
all_received()
{
	[ "$(received)" -ge "${sent:-0}" ]
}
wait_for 10 all_received
got=$(received)
sed -n '/^Result/,$s/^ */    /p' "$pg/$netdev"
say "sent $sent, received $got, lost $((sent - got))"
show "$inst"/vq[01]/chains
[ "$sent" = $FRAMES ] || failed "pktgen sent $sent frames"
[ "$got" = "$sent" ] || failed "$((sent - got)) frames are lost"
run rmmod pktgen

title "A second one, for a program in userspace"
user=$(new_uuid)
write "$user" "$(type_dir mvnet0-vhost '*-net8')/create"
inst=$INSTANCES/$user
show "$inst/class_id" "$inst/virtio_device_id" "$inst/state"
say "$inst/driver -> $(driver_of "$user")"
run modprobe vfio_iommu_type1
say "/dev/vfio: $(echo /dev/vfio/*)"
run user-net demo --uuid "$user" --frames $FRAMES
show "$inst/state" "$inst"/vq[01]/chains

title "A third one, whose other end is an interface of this host"
run modprobe net_mdev
card=$(new_uuid)
write "$card" "$(type_dir net_mdev-vhost '*-one')/create"
port=$(basename /sys/bus/mdev/devices/"$card"/net/*)
say "/sys/bus/mdev/devices/$card/net: $port"
run ip addr add 192.0.2.1/24 dev "$port"
run ip link set "$port" up
say "a program that is the guest of that card pings this host:"
run user-net ping --uuid "$card" --own 192.0.2.2 --peer 192.0.2.1 --count 100
run ip -s link show "$port"

title "Away with them"
write 1 "/sys/bus/mdev/devices/$uuid/remove"
write 1 "/sys/bus/mdev/devices/$user/remove"
write 1 "/sys/bus/mdev/devices/$card/remove"
[ "$(instances)" = 0 ] || failed "an instance is left"
run rmmod mvnet
run rmmod net_mdev
run rmmod mdev_soft_net
run rmmod vhost_mdev
run rmmod mdev_vfio
run rmmod virtio_mdev
run rmmod mdev_core
if dmesg | grep -vE "$HARMLESS" | grep -E "$SPLATS"; then
	failed "the kernel complained"
fi
say "nothing is left, and the kernel log has no complaint"
exit 0
