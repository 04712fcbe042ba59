# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that say "# devices: hardware": functions on the PCI bus and
# parents/vp_mdev.  What there is says tests/vm/qemu.sh.

PCI=/sys/bus/pci
HW_NET=0000:00:10.0
HW_BLK=0000:00:11.0
HW_BLK_FEW=0000:00:12.0
HW_NO_PLATFORM=0000:00:13.0
HW_LEGACY=0000:00:14.0
HW_MAC=52:54:00:6d:64:76

# pci_driver FUNCTION: the driver that is bound, or nothing
pci_driver()
{
	[ -L "$PCI/devices/$1/driver" ] || return 0
	basename "$(readlink "$PCI/devices/$1/driver")"
}

# hw_release FUNCTION: no driver shall be bound, and none bind by itself
hw_release()
{
	[ -z "$(pci_driver "$1")" ] ||
		put "$1" "$PCI/devices/$1/driver/unbind" || return 1
	put none "$PCI/devices/$1/driver_override"
}

# hw_bind FUNCTION: vp_mdev, and no other
hw_bind()
{
	hw_release "$1" && put vp_mdev "$PCI/devices/$1/driver_override" &&
		put "$1" $PCI/drivers/vp_mdev/bind
}

# hw_return FUNCTION: to the driver that it had before
hw_return()
{
	hw_release "$1" && put "" "$PCI/devices/$1/driver_override" &&
		put "$1" $PCI/drivers_probe
}

# create_hw FUNCTION virtio|vhost UUID
create_hw()
{
	create "$1-$2" 'mdev_port-vp_mdev-*' "$3"
}

# hw_irqs FUNCTION [NAME]: how many interrupts there were, on all CPUs
hw_irqs()
{
	grep "vp_mdev-$1-${2:-}" /proc/interrupts |
		awk '{ n += $2 + $3 } END { print n + 0 }'
}

# hw_vectors FUNCTION: how many interrupts are requested
hw_vectors()
{
	grep -c "vp_mdev-$1-" /proc/interrupts
}

# QEMU's user network: the address that it gives, its router, and a server
HW_IP=10.0.2.15/24
HW_ROUTER=10.0.2.2
HW_SERVER=10.0.2.100
HW_LINES=50000

# download FILE: what the server sends
download()
{
	timeout 100 nc $HW_SERVER 5001 </dev/null >"$1"
}

# echoed FILE OUT: send FILE to the server and keep what comes back
echoed()
{
	_size=$(wc -c <"$1")
	timeout 100 sh -c 'nc '$HW_SERVER' 5002 <"$1" | head -c "$3" >"$2"' - \
		"$1" "$2" "$_size"
}
