#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The smallest parent, driven by the smallest program on the VFIO fd, the one
# that docs/uapi.md quotes.
. /tests/lib.sh

# what udev and softdep do elsewhere
modprobe vfio_iommu_type1
modprobe mvrng || exit 1
uuid=$(new_uuid)
check "an entropy device of class vhost can be created" \
	create mvrng0-vhost '*-rng' "$uuid" || exit 1
check_equal "vhost_mdev has the entropy device" vhost_mdev "$(driver_of "$uuid")"
check_equal "the instance is an entropy device" 4 \
	"$(cat "$(instance "$uuid")/virtio_device_id")"

check "a program can read from the entropy device" user-rng "$uuid" 1

# hex digits of so many bytes
random()
{
	user-rng "$uuid" "$1" | tr -d '\n'
}

first=$(random 64)
second=$(random 64)
check_equal "64 bytes are read" 128 ${#first}
check_equal "64 bytes are read on the fd opened again" 128 ${#second}
check "the bytes of two reads differ" [ "$first" != "$second" ]
long=$(random 4096)
check_equal "a long buffer is filled in part" 512 ${#long}
check_equal "the chains were counted" 4 "$(cat "$(instance "$uuid")/vq0/chains")"
check_equal "the bytes were counted" 385 "$(cat "$(instance "$uuid")/vq0/bytes")"
check "the entropy device does what every software device does" user-soft "$uuid"
check_log "the log says why a queue broke" "a request without memory"
check_equal "the entropy device is idle afterwards" idle "$(state_of "$uuid")"
check_not "a program that does not know the device fails" user-rng "$(new_uuid)"

check "the entropy device can be removed" remove_mdev "$uuid"
unload
