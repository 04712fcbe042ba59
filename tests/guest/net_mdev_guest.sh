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
# address from dnsmasq at the bridge, and exchanges data with the host: also without
# each offload, in frames of several sizes, and by a VLAN.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh

KIB=1024
IPH=192.168.77.1

# nested_quiet COMMAND: in the guest, without a check of its own
nested_quiet()
{
	commands=$((commands + 1))
	echo "$1" >&4
	nested_wait $NESTED_COMMAND nested_said '^=rc [0-9]' $commands &&
		tail -n 1 guest.out | grep -qx '=rc 0'
}

# to_guest ADDRESS FILE: by TCP, and compare
to_guest()
{
	nested_quiet "nested_listen got" || {
		echo "the guest does not listen: $(tail -n 5 guest.out)"
		return 1
	}
	timeout 600 tcpsend "$1" 5001 <"$2" || {
		echo "tcpsend ends with status $?"
		return 1
	}
	nested_quiet "sha256sum <got" || return 1
	[ "$(nested_sums_of)" = "$(sha256sum <"$2")" ] || {
		echo "the guest has $(nested_sums_of), and not $(sha256sum <"$2")"
		nested_quiet "wc -c <got" && echo "$(nested_sums_of) bytes of it"
		return 1
	}
}

# from_guest ADDRESS FILE: what to_guest has sent comes back to this address
from_guest()
{
	[ -p /tmp/never ] || mkfifo /tmp/never
	nc -l -p 5001 0<>/tmp/never >back &
	_nc=$!
	if ! wait_for 20 eval 'netstat -ltn | grep -q ":5001 "' ||
	   ! nested_quiet "tcpsend $1 5001 <got"; then
		kill $_nc
	fi
	wait $_nc
	cmp "$2" back
}

# check_exchange WHAT GUEST HOST FILE: both ways, to these addresses.  Not in a subshell:
# commands are counted.
check_exchange()
{
	if to_guest "$2" "$4" >tcp.out 2>&1; then
		pass "$what: TCP reaches the guest unchanged, $1"
	else
		fail "$what: TCP reaches the guest unchanged, $1" "$(cat tcp.out)"
		return
	fi
	if from_guest "$3" "$4" >tcp.out 2>&1; then
		pass "$what: TCP comes from the guest unchanged, $1"
	else
		fail "$what: TCP comes from the guest unchanged, $1" "$(cat tcp.out)"
	fi
}

# each offload off at both ends, with those before it
offloads()
{
	for _o in $OFFLOADS; do
		nested_do "$what: the guest switches $_o off" \
			"ethtool -K \$DEV $_o off; ethtool -k \$DEV | grep -E '^$(offload_name "$_o"): (off|.*fixed)'" || return
		check "$what: the host switches $_o off" offload "" "$HOST" "$_o" off
		check_exchange "without $_o and those before" "$address" $IPH small
	done
	for _o in rx tx sg gso tso gro; do
		offload "" "$HOST" "$_o" on >/dev/null
	done
	nested_do "$what: the guest switches all offloads on" \
		"for o in rx tx sg gso tso gro; do ethtool -K \$DEV \$o on; done; :"
	check_exchange "with all offloads again" "$address" $IPH small
}

# frames of these sizes
sizes()
{
	for _mtu in 1280 9000; do
		check "$what: the host's end can have the MTU $_mtu" eval \
			"ip link set dev $HOST mtu $_mtu && ip link set dev br0 mtu $_mtu"
		nested_do "$what: the guest can have the MTU $_mtu" \
			"ip link set dev \$DEV mtu $_mtu"
		check "$what: frames of the largest size are answered, MTU $_mtu" \
			ping -c 3 -W 20 -s $((_mtu - 28)) "$address"
		check_exchange "MTU $_mtu" "$address" $IPH small
	done
}

# a VLAN on the bridge, as in the guest
vlan()
{
	check "$what: the bridge can have a VLAN" eval \
		"ip link add link br0 name br0.5 type vlan id 5 &&
		 ip addr add 192.168.79.1/24 dev br0.5 && ip link set dev br0.5 up"
	# one line: the guest takes one at a time
	nested_do "$what: the guest can have a VLAN" \
		"modprobe 8021q && ip link add link \$DEV name v5 type vlan id 5 && ip addr add 192.168.79.2/24 dev v5 && ip link set dev v5 up" || return
	check "$what: the guest is reached by the VLAN" ping -c 3 -W 20 192.168.79.2
	check_exchange "by a VLAN" 192.168.79.2 192.168.79.1 small
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
	check "$what: the host pings the guest" ping -c 3 -W 20 -s 1400 "$address"
	check "$what: the guest answers a flood of pings" \
		in_root ping -f -q -c 500 -W 20 "$address"
	nested_do "$what: the guest pings the host" "ping -c 3 -W 20 $IPH"
	check_exchange "$KIB KiB" "$address" $IPH in
	offloads
	sizes
	vlan
	check_equal "$what: the instance is running while the guest uses it" \
		running "$(state_of "$UUID")"
}

# in_guest WAY CLASS SCRIPT: a guest on a new instance
in_guest()
{
	UUID=$(new_uuid)
	check "$1: an instance is created" nm_create "$2" "$UUID" || return
	HOST=$(host_of "$UUID")
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
	check "$1: the instance is idle after the guest's end" \
		wait_for 20 state_is "$UUID" idle
	ethtool -S "$HOST"
	# shellcheck disable=SC2046 # a list
	kill $(pidof dnsmasq)
	wait_for 20 eval "! pidof dnsmasq"
	ip link del dev br0.5
	ip link del dev br0
	remove_mdev "$UUID"
}

modprobe -a vfio_iommu_type1 bridge 8021q af_packet
check "a Debian 12 can be mounted" root_up 12-net || exit 1
check "the files that the inner guest boots from are there" nested_up || exit 1
check "net_mdev can be loaded" modprobe net_mdev mtu=9000 || exit 1
data_of $KIB in
data_of 128 small
in_guest "char device" vhost guest.sh
in_guest "PCI function" vfio vfio-pci.sh
nested_down
root_down
vhost_down
