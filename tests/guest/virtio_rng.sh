#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# kernels: 6.1 7.2
#
# The example parent of an entropy device, driven by the kernel's virtio-rng.
. /tests/lib.sh

UUID=$(new_uuid)
DIR=$(instance "$UUID")
HWRNG=/sys/class/misc/hw_random

modprobe virtio-rng
modprobe mvrng
check "an instance can be created" create mvrng0-virtio '*-rng' "$UUID" || exit 1
check_equal "the instance is an entropy device" 4 "$(cat "$DIR/virtio_device_id")"
check "virtio-rng drives the instance" wait_for 10 state_is "$UUID" running

is_current()
{
	[ "$(cat $HWRNG/rng_current)" = "$1" ]
}
check "the kernel knows a source of entropy" grep -q virtio_rng \
	$HWRNG/rng_available
rng=$(tr ' ' '\n' <$HWRNG/rng_available | grep virtio_rng | tail -n 1)
check "the source of entropy can be chosen" put "$rng" $HWRNG/rng_current
check "the source of entropy is chosen" is_current "$rng"

read_some()
{
	timeout 30 dd if=/dev/hwrng bs=512 count=8 iflag=fullblock 2>/dev/null >"$1"
}
check "bytes can be read" read_some /tmp/one
check "bytes can be read again" read_some /tmp/two
check_equal "as many bytes are read as wanted" "4096 4096" \
	"$(wc -c </tmp/one) $(wc -c </tmp/two)"
check_not "the bytes differ from those read before" cmp -s /tmp/one /tmp/two
check "the bytes are not all the same" \
	test "$(od -An -v -tu1 -w1 /tmp/one | sort -u | wc -l)" -gt 200

check "the class driver can be unbound" \
	put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/unbind
check_not "the source of entropy is gone" grep -q "$rng" $HWRNG/rng_available
check "the class driver can be bound" \
	put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/bind
check "the source of entropy is back" grep -q virtio_rng \
	$HWRNG/rng_available
check "the instance can be removed" remove_mdev "$UUID"
unload
