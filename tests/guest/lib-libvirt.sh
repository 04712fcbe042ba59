# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# For scripts in which libvirt of Debian 12 runs a domain, "guest".  They source
# lib-root.sh, too, and say "# root: 12-libvirt".
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
		>>"$ROOT/etc/libvirt/qemu.conf"
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

# serial_has TEXT: the domain's first serial line
serial_has()
{
	grep -q "$1" "$LOGS/guest-serial.log"
}
