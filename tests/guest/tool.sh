#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 300
#
# virtio-mdev, the tool, on real instances.  What it makes of files alone is checked on
# the host, see tests/host/check-tool.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
OTHER=$(new_uuid)

# tool STATUS PATTERN ARGUMENT...: it ends with that, and what it says matches
tool()
{
	_status=$1
	_pattern=$2
	shift 2
	_said=$(virtio-mdev "$@" 2>&1)
	_rc=$?
	echo "$_said"
	echo "status $_rc"
	[ $_rc = "$_status" ] && echo "$_said" | grep -qE -- "$_pattern"
}

# without: no instance is left by what has failed
without()
{
	check_equal "$1" 0 "$(instances)"
}

check "types without a parent driver says what to load" tool 0 'modprobe' types
check "list without the bus prints an empty table" tool 0 '^UUID' list
check "create without a parent driver says what to load" \
	tool 3 'load a parent driver' create mvnet-net1

for module in mvnet mvblk virtio_net virtio_blk; do
	modprobe $module
done
check "types has a type with its class" \
	tool 0 'mvnet0-virtio +mdev_port-mvnet-net8 +virtio ' types
check "create refuses a type that three ports have" \
	tool 2 'say one of.* mvnet0-vhost/mvnet-net8' create mvnet-net8
check "create sets attributes before the driver binds" \
	tool 0 "^$UUID\$" create mvnet0-virtio/mvnet-net8 mac=02:00:00:00:34:01 \
	mtu=1400 "$UUID"
check "the network interface exists" wait_for 10 netdev_of "$UUID"
net_vars "$UUID"
check_equal "the network interface has the MAC address of create" \
	02:00:00:00:34:01 "$MAC"
check_equal "the network interface has the MTU of create" 1400 \
	"$(cat "/sys/class/net/$DEV/mtu")"
check "list has the instance with its interface and its driver" \
	tool 0 "^$UUID .* virtio +net +running +$DEV +virtio_net" list
check "show decodes the configuration space" tool 0 'mac 02:00:00:00:34:01' show "$UUID"
check "show names the features that were negotiated" \
	tool 0 'features negotiated:.*(VERSION_1|MAC)' show "$UUID"
check "show prints the counters of queues" tool 0 'QUEUE +SIZE +KICKS' show "$UUID"
check "stats prints a table of rates" tool 0 "^$UUID +0 +[0-9.]+" stats -i 0.1 -c 1 "$UUID"
check "create refuses a UUID that is there" \
	tool 1 'cannot create.*: File exists: take another UUID' create mvnet0-vhost/mvnet-net1 "$UUID"

check "create names a value that is refused" \
	tool 1 'cannot set mtu=90000: mtu 90000: at most [0-9]+$' \
	create mvnet0-vhost/mvnet-net1 mtu=90000 "$OTHER"
check_not "an instance with a refused attribute is removed again" \
	test -e "$(instance "$OTHER")"
check "create names an attribute that is not there" \
	tool 3 'no attribute colour' create mvnet0-vhost/mvnet-net1 colour=red "$OTHER"
check_not "an instance with an unknown attribute is removed again" \
	test -e "$(instance "$OTHER")"

check "create -n leaves the instance unbound" \
	tool 0 "^$OTHER\$" create -n mvblk0-virtio/mvblk-ram64m serial=tool-0 "$OTHER"
check_equal "the instance is unbound after create -n" unbound "$(state_of "$OTHER")"
check "a class driver that is loaded leaves it unbound" \
	modprobe vfio_mdev
check_equal "the instance stays unbound when a driver is loaded" unbound \
	"$(state_of "$OTHER")"
check_equal "the attribute has the value of create" tool-0 \
	"$(cat "$(instance "$OTHER")/serial")"
check "set changes an attribute" tool 0 '^$' set "$OTHER" serial=tool-1
check_equal "the attribute has the value of set" tool-1 \
	"$(cat "$(instance "$OTHER")/serial")"
check "bind binds the driver of another class" tool 0 '^$' bind "$OTHER" vhost
check_equal "vhost_mdev is bound" vhost_mdev "$(driver_of "$OTHER")"
sleep 60 4<>/dev/vhost-mdev-0 &
user=$!
check "list names the program that has the instance open" \
	wait_for 10 eval "virtio-mdev list | grep -q '$OTHER .* ($user)'"
kill $user
wait $user 2>/dev/null
check "bind binds the driver of the instance's own class" tool 0 '^$' bind "$OTHER"
check_equal "virtio_mdev is bound" virtio_mdev "$(driver_of "$OTHER")"
check "unbind takes the class driver away" tool 0 '^$' unbind "$OTHER"
check_equal "no driver is bound after unbind" "" "$(driver_of "$OTHER")"

check_errno "leave_unbound refuses what is no UUID" EINVAL \
	put nonsense /sys/class/mdev_port/mvnet0-virtio/leave_unbound
check "check finds the instances" eval 'virtio-mdev check | grep -q "2 instances"'
check "remove removes several instances" tool 0 '^$' remove "$UUID" "$OTHER"
without "no instance is left"
check "remove says that an instance is not there" tool 3 'no instance' remove "$UUID"
check "an instance that is created by hand is bound" create_net1 vhost "$UUID"
check_equal "vhost_mdev is bound to an instance that is created by hand" vhost_mdev \
	"$(driver_of "$UUID")"
unload
