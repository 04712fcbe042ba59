#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
#
# What an administrator sets before a class driver is bound is what the driver finds,
# and can no longer be changed then.
. /tests/lib.sh
. /tests/lib-net.sh

NET=$(new_uuid)
DISK=$(new_uuid)
IMAGE=/tmp/attributes.img

# refused WHAT FILE VALUE ERRNO TEXT: writing fails, and last_error says TEXT
refused()
{
	put "" "${2%/*}/last_error"
	check_errno "$1 is refused" "$4" put "$3" "$2"
	check_equal "last_error says why $1 is refused" "$5" \
		"$(line_of "${2%/*}/last_error")"
}

# offers FILE NAME: one of the features is this
offers()
{
	grep -qE " $2( |\$)" "$1"
}

# disk_of UUID: its directory below /sys/block
disk_of()
{
	set -- "$INSTANCES/$1"/virtio*/block/*
	[ -d "$1" ] && echo "$1"
}

# an image with one partition, from sector 2048 on
make_image()
{
	truncate -s 2M $IMAGE &&
		printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\004\0\0' |
		dd of=$IMAGE bs=1 seek=446 conv=notrunc 2>/dev/null &&
		printf '\125\252' |
		dd of=$IMAGE bs=1 seek=510 conv=notrunc 2>/dev/null
}

modprobe mvnet
modprobe mvblk
put 0 /sys/bus/mdev_class/drivers_autoprobe

# --- a network device ----------------------------------------------------------

check "a network device can be created unbound" create_net virtio "$NET" || exit 1
DIR=$(instance "$NET")
check_equal "a network device has all pairs of its type at first" 8 \
	"$(line_of "$DIR/max_pairs")"
for set in mac=02:00:00:00:31:01 mtu=1400 max_pairs=2 queue_size=256; do
	check "${set%%=*} can be set before a driver is bound" \
		put "${set#*=}" "$DIR/${set%%=*}"
	check_equal "${set%%=*} reads as it was set" "${set#*=}" \
		"$(line_of "$DIR/${set%%=*}")"
done
check_equal "counters are there for the virtqueues that are left" 5 \
	"$(count "$DIR"/vq[0-9]*)"
check "features can be taken away by name and by number" \
	put "-RING_PACKED -ctrl_vlan -21" "$DIR/features"
for name in RING_PACKED CTRL_VLAN GUEST_ANNOUNCE; do
	check_not "$name is not offered after it was taken away" \
		offers "$DIR/features" $name
done
check "a feature can be added again" put +CTRL_VLAN "$DIR/features"
check "a feature is offered after it was added again" \
	offers "$DIR/features" CTRL_VLAN
check "what features reads can be written" \
	put "$(line_of "$DIR/features")" "$DIR/features"

check_not "virtio_net is not loaded before there is a device for it" \
	loaded virtio_net
check "the network device can be bound" put 1 "$DIR/bind"
check_equal "the network device runs as soon as bind has returned" running \
	"$(state_of "$NET")"
net_vars "$NET"
check_equal "the driver has the MAC address that was set" 02:00:00:00:31:01 \
	"$MAC"
check_equal "the driver has the MTU that was set" 1400 \
	"$(line_of "/sys/class/net/$DEV/mtu")"
check_equal "the driver has as many pairs as were set" 2 \
	"$(ethtool -l "$DEV" | awk '/^Combined:/ { print $2; exit }')"
check_equal "the driver's rings have the size that was set" 256 \
	"$(ethtool -g "$DEV" | awk '/^RX:/ { print $2; exit }')"
check_not "the driver has not taken a feature that is not offered" \
	offers "$DIR/driver_features" RING_PACKED
check "the driver has taken a feature that is offered" \
	offers "$DIR/driver_features" MRG_RXBUF

for set in max_pairs=4 queue_size=128 features=-MQ; do
	refused "${set%%=*} of a bound device" "$DIR/${set%%=*}" "${set#*=}" EBUSY \
		"${set%%=*}: virtio_mdev has the device: unbind it first, or set this before it is bound"
done
check "the network device can be unbound" \
	put "$NET" /sys/bus/mdev_class/drivers/virtio_mdev/unbind
check "max_pairs can be set after the driver was unbound" put 1 "$DIR/max_pairs"
check_not "MQ is not offered with one pair" offers "$DIR/features" MQ
check "max_pairs can become larger again" put 8 "$DIR/max_pairs"
check "MQ is offered again with more than one pair" offers "$DIR/features" MQ
check_equal "counters are there again for all virtqueues" 17 \
	"$(count "$DIR"/vq[0-9]*)"
check "the network device can be bound again" put 1 "$DIR/bind"
check_equal "the driver has the pairs that were set last" 8 \
	"$(ethtool -l "$(netdev_of "$NET")" | awk '/^Combined:/ { print $2; exit }')"
check "the network device can be removed" remove_mdev "$NET"

# --- a disk ----------------------------------------------------------------------

make_image
check "a disk can be created unbound" create mvblk0-virtio '*-file' "$DISK"
DIR=$(instance "$DISK")
for set in read_only=1 serial=attributes-1 queues=2 queue_size=64 \
	   backing=$IMAGE; do
	check "${set%%=*} of a disk can be set before a driver is bound" \
		put "${set#*=}" "$DIR/${set%%=*}"
done
check "RO is offered by a disk that is read only" offers "$DIR/features" RO
check_not "DISCARD is not offered by a disk that is read only" \
	offers "$DIR/features" DISCARD
refused "read_only after backing" "$DIR/read_only" 0 EBUSY \
	"read_only: there is a backing already: this comes before it"
check "the disk can be bound" put 1 "$DIR/bind"
disk=$(disk_of "$DISK")
check "the disk is there as soon as bind has returned" test -d "$disk"
check_equal "the disk has the size of its file" 4096 "$(line_of "$disk/size")"
check "the disk has the partitions of its file" test -d "$disk/${disk##*/}1"
check_equal "the disk has the serial number that was set" attributes-1 \
	"$(cat "$disk/serial")"
check_equal "the disk is read only" 1 "$(line_of "$disk/ro")"
check_equal "the disk has as many queues as were set" 2 "$(count "$disk"/mq/[0-9]*)"
refused "queues of a bound disk" "$DIR/queues" 4 EBUSY \
	"queues: virtio_mdev has the device: unbind it first, or set this before it is bound"
unload
rm -f $IMAGE
