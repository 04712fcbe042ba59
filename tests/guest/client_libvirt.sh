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

# those of root/hostdev.xml
CARD=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
DISK=83b8f4f2-509f-382f-3c1e-e6bfe0fa1002
IMAGE=$PWD/disk.img
LOGS=$ROOT/var/log/libvirt/qemu

virsh()
{
	in_root virsh -q -c qemu:///system "$@"
}

libvirt_up()
{
	# there is no AppArmor here, and the /dev that libvirt makes for each
	# QEMU lacks what it shall have in a chroot
	printf '%s\n' 'security_driver = "none"' 'namespaces = []' \
		>>$ROOT/etc/libvirt/qemu.conf
	in_root virtlogd -d && in_root libvirtd -d
}

libvirt_down()
{
	for _daemon in libvirtd virtlogd; do
		# shellcheck disable=SC2046 # a list
		kill $(pidof $_daemon)
		wait_for 20 eval "! pidof $_daemon"
	done
}

# boot_sector TEXT: print it to the first serial line
boot_sector()
{
	# xor ax,ax; mov ds,ax; mov si,text; cld; mov dx,0x3f8
	printf '\061\300\216\330\276\026\174\374\272\370\003'
	# next: lodsb; test al,al; jz stop; out dx,al; jmp next; stop: hlt; jmp stop
	printf '\254\204\300\164\003\356\353\370\364\353\375'
	printf '%s\n\0' "$1"
}

# has_device ID: the machine has that PCI device
has_device()
{
	virsh qemu-monitor-command guest --hmp "info pci" |
		grep -q "PCI device 1af4:$1"
}

booted()
{
	grep -q "booted from an instance" "$LOGS/guest-serial.log"
}

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
	check "firmware boots the disk" wait_for 120 booted
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
