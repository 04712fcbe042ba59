#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What runs in a guest's guest: it says "=up", then does what it reads, a line
# at a time, and says "=rc STATUS" after each.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

cd /tmp || exit 1

# the network device, up, and what talks through it
nested_net()
{
	modprobe virtio_net
	for _d in /sys/bus/virtio/devices/virtio*/net/*; do
		DEV=${_d##*/}
		ip link set dev "$DEV" up && pair_up "$DEV" 1500
		return
	done
	return 1
}

# nested_copy KIB: by TCP, and compare
nested_copy()
{
	dd if=/dev/urandom of=in bs=1k count="$1" 2>/dev/null
	tcp_copy in out && cmp in out
}

# the network device, up, on QEMU's user network
nested_online()
{
	modprobe virtio_net
	for _d in /sys/bus/virtio/devices/virtio*/net/*; do
		DEV=${_d##*/}
		ip link set dev "$DEV" up && ip addr add $HW_IP dev "$DEV"
		return
	done
	return 1
}

nested_download()
{
	seq 1 $HW_LINES >sent
	download got && cmp sent got
}

# nested_disk MIB: /dev/vda has that size
nested_disk()
{
	modprobe virtio_blk && modprobe ext4 && mkdir -p /mnt &&
	[ "$(blockdev --getsize64 /dev/vda)" = $(($1 * 1024 * 1024)) ] &&
	[ -d /sys/bus/virtio/drivers/virtio_blk/virtio0 ]
}

# nested_fill COUNT: files of odd sizes below /mnt
nested_fill()
{
	for _i in $(seq "$1"); do
		dd if=/dev/urandom of="/mnt/file$_i" bs=$((77777 * _i + 1)) \
			count=1 2>/dev/null || return 1
	done
	sync
}

nested_sums()
{
	(cd /mnt && find . -type f -exec sha256sum '{}' '+')
}

# nested_forget: what comes next is read from the disk
nested_forget()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	blockdev --flushbufs /dev/vda
}

echo "=up $(uname -r)"
while read -r line; do
	eval "$line" 2>&1
	echo "=rc $?"
done
