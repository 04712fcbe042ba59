#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
# devices: hardware
# timeout: 600
#
# The kernel's virtio-net on a function of the PCI bus, by DMA through the IOMMU:
# frames go out to QEMU's user network and come back.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

UUID=$(new_uuid)
OTHER=$(new_uuid)
seq 1 $HW_LINES >/tmp/sent

check_equal "virtio_pci has the function" virtio-pci "$(pci_driver $HW_NET)"
check "the function can be taken from virtio_pci" hw_release $HW_NET
put "" $PCI/devices/$HW_NET/driver_override
modprobe vp_mdev
check_equal "vp_mdev takes no function by itself" "" "$(pci_driver $HW_NET)"

check "vp_mdev takes a function that it is told to" hw_bind $HW_NET || exit 1
check_equal "the function has a port for class virtio" virtio-mdev "$(cat \
	$MDEV_BUS/$HW_NET-virtio/mdev_supported_types/mdev_port-vp_mdev-net/device_api)"
modprobe virtio_net
check "an instance can be created" create_hw $HW_NET virtio "$UUID" || exit 1
check_errno "a second instance is refused" EUSERS create_hw $HW_NET virtio "$OTHER"

check "virtio-net drives the function" net_vars "$UUID" || exit 1
net_vars "$UUID"
check_equal "the network device has the function's MAC" $HW_MAC "$MAC"
check "the function is the parent of the virtio device, for DMA" \
	test -d "$PCI/devices/$HW_NET/$(virtio_of "$UUID")/net/$DEV"
check_equal "the virtio device is a network device" 1 "$(cat "$DIR/virtio_device_id")"
# VERSION_1 and ACCESS_PLATFORM
check_equal "the driver took the features that hardware requires" 11 \
	"$(cut -c33,34 "$DIR/$(virtio_of "$UUID")/features")"

# traffic WHAT: to the router, to the server and from it
traffic()
{
	check "the router answers a ping, $1" ping -c 3 -W 10 $HW_ROUTER
	check "a download by TCP ends, $1" download /tmp/got
	check "the download by TCP is what was sent, $1" cmp /tmp/sent /tmp/got
}

net_online()
{
	ip link set dev "$DEV" up && ip addr replace $HW_IP dev "$DEV" &&
		wait_for 10 carrier_is "$DEV" 1
}

# what the server gave
cat >/tmp/dhcp.sh <<'END'
[ "$1" != bound ] || echo "$ip/$mask" >/tmp/dhcp
END
chmod +x /tmp/dhcp.sh
modprobe af_packet

dhcp()
{
	ip link set dev "$DEV" up && wait_for 10 carrier_is "$DEV" 1 &&
		udhcpc -i "$DEV" -n -q -t 20 -T 2 -s /tmp/dhcp.sh
}

check "an address comes by DHCP" dhcp
check_equal "the address by DHCP is the network's" "$HW_IP" "$(cat /tmp/dhcp)"
check "the network device can be set up" net_online || exit 1
traffic "first"
check "an upload and its echo end" echoed /tmp/sent /tmp/echo
check "the echo is what was uploaded" cmp /tmp/sent /tmp/echo
check_equal "the instance is running" running "$(state_of "$UUID")"

queues=$(count "$DIR"/vq[0-9]*)
check "the NIC has its queues, and one for control ($queues)" test "$queues" -ge 3
check_equal "each virtqueue has an interrupt, and the configuration space" \
	$((queues + 1)) "$(hw_vectors $HW_NET)"
check "the receiver's interrupts come" test "$(hw_irqs $HW_NET vq0)" -gt 0
check_equal "each of the receiver's interrupts reaches the driver" \
	"$(hw_irqs $HW_NET vq0)" \
	"$(vqstat "$DIR" 0 signals)"
check "the sender's queue was kicked" test "$(vqstat "$DIR" 1 kicks)" -gt 0

ring_sizes()
{
	ethtool -G "$DEV" rx 64 tx 128 &&
		[ "$(ethtool -g "$DEV" | awk '/^[RT]X:/ { print $2 }' |
			tail -n 2 | tr '\n' ' ')" = "64 128 " ]
}
check "virtqueues can be reset, to another size" ring_sizes
traffic "with small rings"

check "the class driver can be unbound" \
	put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/unbind
check_not "the network device is gone" netdev_of "$UUID"
check "the class driver can be bound" \
	put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/bind
net_vars "$UUID"
check "the network device is there" net_online
traffic "bound again"

check "virtio-net can be unloaded" rmmod virtio_net
check_equal "no driver has set the function up" setup "$(state_of "$UUID")"
modprobe virtio_net
net_vars "$UUID"
check "virtio-net can be loaded" net_online
traffic "with the driver loaded again"

check "the instance can be removed" remove_mdev "$UUID"
check_equal "a removed instance has no interrupts" 0 "$(hw_vectors $HW_NET)"
check "another instance can be created after the removal" create_hw $HW_NET virtio "$OTHER"
net_vars "$OTHER"
# with the class driver there, and sysfs numbers files in the order of their making
check "the link dma_device is older than the binding, as is the uevent" \
	test "$(stat -c %i "$DIR/dma_device")" -lt "$(stat -c %i "$DIR/driver")"
check "the network device of another instance can be set up" net_online
traffic "by another instance"

check "the function can be unbound with an instance" hw_release $HW_NET
check_equal "the instance is gone with the binding of its function" 0 "$(instances)"
put "" $PCI/devices/$HW_NET/driver_override
check "new_id makes vp_mdev take the function" \
	put "1af4 1041" $PCI/drivers/vp_mdev/new_id
check_equal "vp_mdev has the function by new_id" vp_mdev "$(pci_driver $HW_NET)"
check "remove_id makes vp_mdev forget the id" \
	put "1af4 1041" $PCI/drivers/vp_mdev/remove_id

unload
check "virtio_pci takes the function back" hw_return $HW_NET
check_equal "virtio_pci has the function that vp_mdev gave back" \
	virtio-pci "$(pci_driver $HW_NET)"
