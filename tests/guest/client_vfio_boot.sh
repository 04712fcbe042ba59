#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12
# nested: yes disk
# memory: 2048
# timeout: 3600
#
# QEMU of Debian 12 with instances of class VFIO as vfio-pci, and a guest of its own
# that its firmware boots from the disk among them.  Linux drives that and the card:
# traffic, reads and writes; a reboot, traffic again, shutdown.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh
. /tests/lib-vfio-pci.sh

IMAGE=$PWD/disk.img

# traffic WHEN
# shellcheck disable=SC2016 # for the shell there
traffic()
{
	nested_do "$1: virtio-net has come up" nested_net &&
	nested_do "$1: ping" 'in_ns $NSA ping -c 5 -W 5 -s 1400 $IPB' &&
	nested_do "$1: 1 MiB by TCP, compared" 'nested_copy 1024'
}

modprobe vfio_iommu_type1
check "mvnet and mvblk can be loaded" modprobe -a mvnet mvblk || exit 1
stock_root_up 12
check "what its guest boots is there" nested_up || exit 1
check "a disk that firmware boots is there" cp $ROOT/nested/disk.img "$IMAGE" || exit 1

# --- firmware boots what bootindex says -------------------------------------------

CARD=$(new_uuid) DISK=$(new_uuid)
check "a disk in RAM is created" create_blk vfio ram64m "$DISK" || exit 1
checks_of python3 /tests/root/vfio.py boot "$CARD" "$DISK" -
check "a disk in RAM is removed" remove_mdev "$DISK"

# --- firmware boots Linux -----------------------------------------------------------

check "an instance of mvnet is created" create_net vfio "$CARD" || exit 1
check "a disk in a file is created" create_blk vfio file "$DISK" || exit 1
check "the disk is in a file" put "$IMAGE" "$(instance "$DISK")/backing"

nested_start_disk vfio-pci.sh "$CARD" -device \
	"vfio-pci,sysfsdev=/sys/bus/mdev/devices/$DISK,bootindex=0"
if nested_boots "firmware boots the guest from the disk"; then
	nested_do "the guest has the disk" "nested_disk 32"
	check_equal "the disk runs" running "$(state_of "$DISK")"
	nested_do "the guest reads the disk" "sha256sum </dev/vda"
	check_equal "the guest reads what is in the file" \
		"$(sha256sum <"$IMAGE")" "$(nested_sums_of)"
	nested_do "the guest writes to the disk" \
		'head -c 1048576 /dev/urandom >new && dd if=new of=/dev/vda bs=1M seek=31 conv=fsync'
	nested_do "the guest sums what it wrote" "sha256sum <new"
	check_equal "the file has what the guest wrote" \
		"$(tail -c 1048576 "$IMAGE" | sha256sum)" "$(nested_sums_of)"
	traffic "at first"
	check_equal "the card runs" running "$(state_of "$CARD")"
	nested_reboot
	nested_boots "firmware boots the guest again" && traffic "after the reboot"
fi
nested_stop "the guest"
check_equal "both instances are idle again" "idle idle" \
	"$(state_of "$CARD") $(state_of "$DISK")"

nested_down
root_down
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
blk_down
