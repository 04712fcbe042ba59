#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-net
# nested: yes
# memory: 2048
# timeout: 5400
#
# QEMU of Debian 12, unmodified, with a guest of its own whose card is an instance of
# net_mdev: through the char device, and as a PCI function of class VFIO.  It gets an
# address from dnsmasq at the bridge, and exchanges data with the host.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh

KIB=1024

# to_guest ADDRESS, from_guest: by TCP; both print nothing if the data is the same
to_guest()
{
	nested_do "$what: the guest listens" "nested_listen got" || return
	timeout 600 tcpsend "$1" 5001 <in || return 1
	nested_do "$what: the guest sums what it got" "sha256sum <got"
	[ "$(nested_sums_of)" = "$(sha256sum <in)" ]
}

from_guest()
{
	[ -p /tmp/never ] || mkfifo /tmp/never
	nc -l -p 5001 0<>/tmp/never >back &
	_nc=$!
	nested_do "$what: the guest sends what it got" "tcpsend 192.168.77.1 5001 <got" ||
		kill $_nc
	wait $_nc
	cmp in back
}

# traffic WAY: of the guest that has just booted
traffic()
{
	what=$1
	nested_do "$what: the guest has an address by DHCP" nested_dhcp || return
	nested_do "$what: the guest says its address" \
		"ip -4 -o addr show dev \$DEV | awk '{ print \$4 }'"
	address=$(nested_sums_of)
	address=${address%/*}
	note "$what: $address"
	check "$what: the host pings the guest" ping -c 3 -W 10 -s 1400 "$address"
	check "$what: the guest answers a flood of pings" \
		in_root ping -f -q -c 500 -W 20 "$address"
	nested_do "$what: the guest pings the host" "ping -c 3 -W 10 192.168.77.1"
	if to_guest "$address"; then
		pass "$what: $KIB KiB by TCP reach the guest unchanged"
	else
		fail "$what: $KIB KiB by TCP reach the guest unchanged"
	fi
	if from_guest; then
		pass "$what: $KIB KiB by TCP come from the guest unchanged"
	else
		fail "$what: $KIB KiB by TCP come from the guest unchanged"
	fi
	check_equal "$what: the instance is running while the guest uses it" \
		running "$(state_of "$UUID")"
}

# in_guest WAY CLASS SCRIPT: a guest on a new instance
in_guest()
{
	UUID=$(new_uuid)
	check "$1: an instance is created" nm_create "$2" "$UUID" || return
	node=$UUID
	[ "$2" != vhost ] || node=/dev/$(chardev_of "$UUID")
	check "$1: the commands for a bridge work" in_root uuid="$UUID" \
		sh /tests/root/net-bridge.sh || return
	if [ "$2" = vhost ]; then
		nested_start "$3" "$node" -global virtio-net-pci.romfile=
	else
		nested_start "$3" "$node"
	fi
	if nested_boots "$1: the guest boots"; then
		traffic "$1"
	fi
	nested_stop "$1: the guest"
	check_equal "$1: the instance is idle after the guest's end" idle \
		"$(state_of "$UUID")"
	ethtool -S "$(host_of "$UUID")"
	# shellcheck disable=SC2046 # a list
	kill $(pidof dnsmasq)
	wait_for 20 eval "! pidof dnsmasq"
	ip link del dev br0
	remove_mdev "$UUID"
}

modprobe -a vfio_iommu_type1 bridge af_packet
check "a Debian 12 can be mounted" root_up 12-net || exit 1
check "the files that the inner guest boots from are there" nested_up || exit 1
check "net_mdev can be loaded" modprobe net_mdev || exit 1
data_of $KIB in
in_guest "char device" vhost guest.sh
in_guest "PCI function" vfio vfio-pci.sh
nested_down
root_down
vhost_down
