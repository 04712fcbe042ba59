#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-libvirt
# memory: 2048
# timeout: 900
#
# libvirt of Debian 12 starts a card of class VFIO that mdevctl has defined, and a
# domain with it and with a disk, as docs/libvirt.md says; its firmware boots the disk.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-libvirt.sh

# those of root/hostdev.xml
CARD=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
DISK=83b8f4f2-509f-382f-3c1e-e6bfe0fa1002
IMAGE=$PWD/disk.img

both_idle()
{
	state_is $CARD idle && state_is $DISK idle
}

truncate -s 1M "$IMAGE"
boot_sector "booted from an instance" | dd of="$IMAGE" conv=notrunc 2>/dev/null
printf '\125\252' | dd of="$IMAGE" bs=1 seek=510 conv=notrunc 2>/dev/null

modprobe vfio_iommu_type1
check "mvnet and mvblk can be loaded" modprobe -a mvnet mvblk || exit 1
check "a Debian 12 can be mounted" root_up 12-libvirt || exit 1
check "libvirt starts" libvirt_up || exit 1
check "virsh connects to libvirt" wait_for 60 virsh uri || exit 1
note "$(in_root virsh -c qemu:///system version --daemon | tr '\n' ' ')"

# --- devices of the host --------------------------------------------------------

check "libvirt starts a card that mdevctl has defined" \
	in_root sh /tests/root/libvirt.sh || exit 1
check_equal "the card has the MAC address that was defined" 02:00:00:00:23:01 \
	"$(line_of "$(instance $CARD)/mac")"
check "an instance of mvblk is created" create_blk vfio file $DISK || exit 1
check "the disk is in a file" put "$IMAGE" "$(instance $DISK)/backing"
# what docs/libvirt.md says that it lacks
check_equal "libvirt knows no port as a parent" "" \
	"$(virsh nodedev-list --cap mdev_types)"

# --- a domain -------------------------------------------------------------------

check "the domain is defined" virsh define /tests/root/hostdev.xml
if check "the domain starts" virsh start guest; then
	check "the domain has the card" wait_for 60 has_device 1041
	check "the domain has the disk" wait_for 60 has_device 1042
	check "firmware boots the disk" wait_for 120 serial_has "booted from an instance"
	check_equal "the disk runs" running "$(state_of $DISK)"
	check "the domain is destroyed" virsh destroy guest
fi
check "both instances are idle again" wait_for 10 both_idle
# beside its command line, and what ended it
check_equal "QEMU has nothing to say" "" "$(grep qemu-system-x86_64: "$LOGS/guest.log" |
		grep -v "terminating on signal 15")"

libvirt_down
root_down
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
blk_down
