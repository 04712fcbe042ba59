#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What runs in a guest's guest: it says "=up", then does what it reads, a line
# at a time, and says "=rc STATUS" after each.
. /tests/lib.sh
. /tests/lib-net.sh

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

echo "=up $(uname -r)"
while read -r line; do
	eval "$line" 2>&1
	echo "=rc $?"
done
