#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12 13
# timeout: 300
#
# mdevctl of Debian 12 and 13, unmodified: definitions with attributes, started by
# hand and, with udev, when the parent comes.  A driver finds what was set.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-root.sh

AUTOPROBE=/sys/bus/mdev_class/drivers_autoprobe
IMAGE=/tmp/mdevctl.img
NET=$(new_uuid)		# a net device of this kernel
DISK=$(new_uuid)	# a disk of this kernel
CARD=$(new_uuid)	# a net device for a program

mdevctl()
{
	in_root mdevctl "$@"
}

# define_net ATTRIBUTE=VALUE...: with these of the instance
define_net()
{
	mdevctl define --uuid "$NET" --parent mvnet0-virtio \
		--type mdev_port-mvnet-net8 --auto || return 1
	for _attr in "$@"; do
		mdevctl modify --uuid "$NET" \
			--addattr="instance/${_attr%%=*}" \
			--value="${_attr#*=}" || return 1
	done
}

# define_file UUID PARENT TYPE ATTRIBUTES: the same by a file of mdevctl's, which
# takes less time than running it
define_file()
{
	mkdir -p "$ROOT/etc/mdevctl.d/$2"
	cat >"$ROOT/etc/mdevctl.d/$2/$1" <<END
{ "mdev_type": "mdev_port-$3", "start": "auto", "attrs": [ $4 ] }
END
}

# net_values BY
net_values()
{
	check "the defined net device exists, $1" wait_for 30 netdev_of "$NET" || return
	net_vars "$NET"
	check_equal "the net device has the MAC address, $1" \
		02:00:00:00:23:01 "$MAC"
	check_equal "the net device has the MTU, $1" 1400 \
		"$(cat "/sys/class/net/$DEV/mtu")"
}

# other_values BY
other_values()
{
	check "the defined disk exists, $1" wait_for 30 state_is "$DISK" running
	set -- "$1" "$INSTANCES/$DISK"/virtio*/block/*
	check_equal "the disk has the size of the file, $1" 16384 \
		"$(cat "$2/size")"
	check_equal "the disk has the serial number, $1" mdevctl-1 \
		"$(cat "$2/serial")"
	# whose attributes mdevctl sets one after the other, and bind is the last
	check "the defined device for a program is bound, $1" \
		wait_for 30 bound "$CARD"
	check_equal "the program's device has the MAC address, $1" \
		02:00:00:00:23:02 "$(cat "$(instance "$CARD")/mac")"
}

# what udev of these systems would load by alias, if they had this kernel's modules,
# and the parents
load_modules()
{
	for _m in virtio_net virtio_blk mvnet mvblk; do
		modprobe $_m
	done
}

truncate -s 8M $IMAGE
for debian in 12 13; do
	check "a Debian $debian can be mounted" root_up $debian || exit 1
	with=$(mdevctl --version)
	note "$with"
	load_modules
	put 0 $AUTOPROBE

	check "$with defines a net device with attributes" \
		define_net mac=02:00:00:00:23:01 mtu=1400 bind=1
	check "$with starts the net device that was defined" mdevctl start --uuid "$NET"
	net_values "$with"
	check "$with stops the net device that was started" mdevctl stop --uuid "$NET"

	# then a driver is bound before the attributes are set
	put 1 $AUTOPROBE
	log_mark
	check_errno "with drivers_autoprobe $with says that the device is bound" \
		EBUSY mdevctl start --uuid "$NET"
	check_log "the kernel log says that it was bound already" \
		"$NET: bind: bound already"

	unload
	define_file "$DISK" mvblk0-virtio mvblk-file "
		{ \"instance/backing\": \"$IMAGE\" },
		{ \"instance/serial\": \"mdevctl-1\" },
		{ \"instance/bind\": \"1\" }"
	define_file "$CARD" mvnet0-vhost mvnet-net1 "
		{ \"instance/mac\": \"02:00:00:00:23:02\" },
		{ \"instance/bind\": \"1\" }"
	cp /tests/root/59-mdev_class.rules $ROOT/etc/udev/rules.d/
	# where its rule expects it, and Debian has it not
	ln -sf ../bin/mdevctl $ROOT/usr/sbin/mdevctl
	in_root /lib/systemd/systemd-udevd --daemon 2>/dev/null
	check "udev of Debian $debian runs" wait_for 10 pidof systemd-udevd
	load_modules
	net_values "$with by udev"
	other_values "$with by udev"
	# shellcheck disable=SC2046
	kill $(pidof systemd-udevd)
	wait_for 10 eval '! pidof systemd-udevd'
	unload
	root_down
done
