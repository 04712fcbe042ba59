#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12-libvirt
# memory: 1536
# timeout: 900
#
# libvirt of Debian 12 gives a domain a card of net_mdev, as docs/net.md says.  Its
# firmware gets an address from the host, and boots what it gets from there by HTTP.
. /tests/lib.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh
. /tests/lib-libvirt.sh

# that of root/net-hostdev.xml
CARD=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
IPH=192.168.77.1

# servers_up: DHCP and HTTP at the host's interface
servers_up()
{
	mkdir www && boot_sector "booted through the card" >www/boot && : >leases &&
	cat >udhcpd.conf <<-END
		start 192.168.77.10
		end 192.168.77.99
		interface $HOST
		siaddr $IPH
		boot_file http://$IPH/boot
		option subnet 255.255.255.0
		lease_file $PWD/leases
		pidfile $PWD/udhcpd.pid
	END
	ip addr add $IPH/24 dev "$HOST" && ip link set dev "$HOST" up &&
		httpd -h "$PWD/www" && udhcpd udhcpd.conf
}

modprobe -a vfio_iommu_type1 af_packet
check "net_mdev can be loaded" modprobe net_mdev || exit 1
check "a Debian 12 can be mounted" root_up 12-libvirt || exit 1
check "an instance of class VFIO is created" nm_create vfio $CARD || exit 1
HOST=$(host_of $CARD)
check "servers for DHCP and HTTP run at the host's interface" servers_up
check "libvirt starts" libvirt_up || exit 1
check "virsh connects to libvirt" wait_for 60 virsh uri || exit 1

check "the domain is defined" virsh define /tests/root/net-hostdev.xml
if check "the domain starts" virsh start guest; then
	check "the domain has the card" wait_for 60 has_device 1041
	check "the host's interface has a carrier when firmware drives the card" \
		wait_for 300 carrier_is "$HOST" 1
	check "firmware boots what the host serves" \
		wait_for 300 serial_has "booted through the card"
	check_equal "the card runs" running "$(state_of $CARD)"
	note "$(ethtool -S "$HOST" | tr -s '\n ' ' ')"
	check "the domain is destroyed" virsh destroy guest
fi
check "the instance is idle again" wait_for 20 state_is $CARD idle
check "the host's interface has no carrier then" wait_for 20 carrier_is "$HOST" 0
check_equal "QEMU has nothing to say" "" "$(grep qemu-system-x86_64: "$LOGS/guest.log" |
		grep -v "terminating on signal 15")"

libvirt_down
root_down
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
unload
