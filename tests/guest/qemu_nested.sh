#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# qemu: patched
# nested: yes
# memory: 2048
# timeout: 3600
#
# QEMU has a card and a disk through VFIO, and a guest of its own, whose kernel drives
# them: traffic, a file system; a reboot, traffic again, and the files are there.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh
. /tests/lib-qemu.sh

# traffic WHEN
# shellcheck disable=SC2016 # for the shell there
traffic()
{
	nested_do "$1: virtio-net has come up" nested_net &&
	nested_do "$1: ping" 'in_ns $NSA ping -c 5 -W 5 -s 1400 $IPB' &&
	nested_do "$1: 1 MiB by TCP, compared" 'nested_copy 1024'
}

qemu_instances
qemu_root_up
check "the files that the inner guest boots from are there" nested_up || exit 1

# nothing is booted from the network
nested_start vfio-net.sh "$CARD" -global virtio-net-pci.romfile= \
	-device "vhost-mdev-pci,sysfsdev=/sys/bus/mdev/devices/$DISK"
if nested_boots "the guest boots"; then
	traffic "at first"
	nested_do "the guest has a disk of 64 MiB" "nested_disk 64"
	check_equal "both instances are running while the guest uses them" \
		"running running" \
		"$(state_of "$CARD") $(state_of "$DISK")"
	nested_do "a file system is made" \
		'mke2fs /dev/vda >/dev/null && mount -t ext4 /dev/vda /mnt'
	nested_do "files are written" 'nested_fill 8'
	nested_do "the guest sums its files" nested_sums
	nested_sums_of >first
	check_equal "the guest has summed all of its files" 8 "$(wc -l <first)"
	nested_do "the guest unmounts its file system" 'umount /mnt'
	nested_reboot
	nested_boots "the guest boots again" && traffic "after the reboot"
	nested_do "the guest mounts its file system again" \
		'nested_disk 64 && mount -t ext4 /dev/vda /mnt'
	nested_do "the files are read" nested_sums
	nested_sums_of >second
	check "the guest reads the files as it wrote them" cmp first second
	nested_do "the guest unmounts its file system again" 'umount /mnt'
fi
nested_stop "the guest"
check_equal "both instances are idle after the guest's end" "idle idle" \
	"$(state_of "$CARD") $(state_of "$DISK")"

nested_down
qemu_instances_down
