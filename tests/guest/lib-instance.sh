# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# Instances and the modules that they need; sourced by lib.sh.

# type_dir PORT TYPE_GLOB: the directory of the only type that matches
type_dir()
{
	# shellcheck disable=SC2086 # a pattern
	set -- "$MDEV_BUS/$1"/mdev_supported_types/$2
	if [ $# != 1 ] || [ ! -d "$1" ]; then
		echo "no such type, or not one only: $*" >&2
		return 1
	fi
	echo "$1"
}

# create PORT TYPE_GLOB UUID
create()
{
	_dir=$(type_dir "$1" "$2") || return 1
	put "$3" "$_dir/create"
}

# create_net virtio|vhost UUID: an instance of mvnet's type with eight pairs
create_net()
{
	create "mvnet0-$1" '*-net8' "$2"
}

# create_net1 virtio|vhost UUID: an instance of mvnet's type with one pair
create_net1()
{
	create "mvnet0-$1" '*-net1' "$2"
}

# remove_mdev UUID
remove_mdev()
{
	put 1 "/sys/bus/mdev/devices/$1/remove"
}

# instance UUID: its directory
instance()
{
	echo "$INSTANCES/$1"
}

# state_of UUID
state_of()
{
	line_of "$INSTANCES/$1/state"
}

# state_is UUID STATE: for wait_for
state_is()
{
	[ "$(state_of "$1")" = "$2" ]
}

# driver_of UUID: the class driver that is bound, or nothing
driver_of()
{
	[ -L "$INSTANCES/$1/driver" ] || return 0
	basename "$(readlink "$INSTANCES/$1/driver")"
}

# bound UUID: a class driver is, so that all that is set before was set
bound()
{
	[ -n "$(driver_of "$1")" ]
}

# rebind UUID DRIVER: have the bus look for a driver, which may be this one only
rebind()
{
	[ -z "$(driver_of "$1")" ] ||
		put "$1" "$INSTANCES/$1/driver/unbind" || return 1
	put "$2" "$INSTANCES/$1/driver_override" || return 1
	put "$1" /sys/bus/mdev_class/drivers_probe || return 1
	# also without a driver of that name, of which the bus says nothing
	[ "$(driver_of "$1")" = "$2" ]
}

# virtio_of UUID: the virtio device of the instance, "virtio0" perhaps
virtio_of()
{
	for _d in "$INSTANCES/$1"/virtio[0-9]*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
		return 0
	done
}

# netdev_of UUID: the name of the net device
netdev_of()
{
	for _d in "$INSTANCES/$1"/virtio[0-9]*/net/* "$INSTANCES/$1"/net/*; do
		[ -d "$_d" ] || continue
		basename "$_d"
		return 0
	done
	return 1
}

# count FILE...: how many of them are there
count()
{
	[ -e "$1" ] || set --
	echo $#
}

# instances: how many there are
instances()
{
	count "$INSTANCES"/*
}

loaded()
{
	[ -d "/sys/module/$1" ]
}

# how many pages are pinned for long in this moment, by anybody
pinned_pages()
{
	# adds up what each CPU counted for itself
	cat /proc/sys/vm/stat_refresh
	awk '$1 == "nr_foll_pin_acquired" { a = $2 }
	     $1 == "nr_foll_pin_released" { r = $2 }
	     END { print a - r }' /proc/vmstat
}

# remove all instances and unload our modules; a failure is reported
unload()
{
	text_note
	for _d in /sys/bus/mdev/devices/*; do
		[ -d "$_d" ] || continue
		put 1 "$_d/remove" ||
			fail "instance $(basename "$_d") can be removed at the end"
	done
	# in whatever order it takes
	_again=1
	while [ -n "$_again" ]; do
		_again=
		for _m in $OURS; do
			! loaded "$_m" || ! rmmod "$_m" 2>/dev/null || _again=1
		done
	done
	for _m in $OURS; do
		loaded "$_m" || continue
		fail "$_m can be unloaded at the end" "$(rmmod "$_m" 2>&1)
$(lsmod)"
	done
	# what came with them; others may use it, so in silence
	for _m in virtio_net net_failover failover virtio_rng virtio_blk \
		  vfio_iommu_type1 mdev; do
		rmmod "$_m" 2>/dev/null
	done
	return 0
}
