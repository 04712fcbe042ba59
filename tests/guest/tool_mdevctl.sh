#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12 13
# timeout: 300
#
# mdevctl of Debian 12 and 13, with the tool as its callout: what it refuses, and that a
# driver finds what was set although nothing else keeps it from the instance.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-root.sh

NET=$(new_uuid)
CARD=$(new_uuid)

mdevctl()
{
	in_root mdevctl "$@"
}

# refuses PATTERN ARGUMENT...: mdevctl fails, and the callout says why
refuses()
{
	_pattern=$1
	shift
	_said=$(in_root mdevctl "$@" 2>&1) && return 1
	echo "$_said"
	echo "$_said" | grep -qE -- "$_pattern"
}

for debian in 12 13; do
	check "a Debian $debian can be mounted" root_up $debian || exit 1
	with=$(mdevctl --version)
	mkdir -p "$ROOT"/etc/mdevctl.d/scripts.d/callouts
	cp /bin/virtio-mdev "$ROOT"/etc/mdevctl.d/scripts.d/callouts/virtio-mdev-callout
	modprobe virtio_net
	modprobe mvnet

	check "$with defines a net device with the callout" mdevctl define --uuid "$NET" \
		--parent mvnet0-virtio --type mdev_port-mvnet-net8
	check "$with adds an attribute with the callout" mdevctl modify --uuid "$NET" \
		--addattr=instance/mac --value=02:00:00:00:35:01
	check "$with refuses an MTU that cannot be" refuses '68 to 65535' \
		modify --uuid "$NET" --addattr=instance/mtu --value=12
	check "$with refuses an attribute of the mdev" refuses 'begin with instance/' \
		modify --uuid "$NET" --addattr=mtu --value=1400
	check "$with adds another attribute" mdevctl modify --uuid "$NET" \
		--addattr=instance/mtu --value=1400
	check "$with starts the net device with the callout" mdevctl start --uuid "$NET"
	check "the net device exists, $with" wait_for 30 netdev_of "$NET"
	net_vars "$NET"
	check_equal "the net device has the MAC address, $with" 02:00:00:00:35:01 "$MAC"
	check_equal "the net device has the MTU, $with" 1400 \
		"$(cat "/sys/class/net/$DEV/mtu")"
	check "$with stops the net device with the callout" mdevctl stop --uuid "$NET"

	check "$with adds the binding as the last attribute" mdevctl modify --uuid "$NET" \
		--addattr=instance/bind --value=1
	check "$with refuses an attribute after the binding" refuses 'comes after instance/bind' \
		modify --uuid "$NET" --addattr=instance/link --value=down
	check "$with starts a net device that binds itself" mdevctl start --uuid "$NET"
	check_equal "the net device is bound, $with" virtio_mdev "$(driver_of "$NET")"
	check "$with stops a net device that binds itself" mdevctl stop --uuid "$NET"

	# of one that is there
	check "an instance can be created by the tool, $with" \
		virtio-mdev create mvnet0-vhost/mvnet-net1 mac=02:00:00:00:35:02 "$CARD"
	check "$with defines an instance that is there" mdevctl define --uuid "$CARD"
	check "the definition has the MAC address, $with" \
		grep 02:00:00:00:35:02 "$ROOT/etc/mdevctl.d/mvnet0-vhost/$CARD"
	check "$with stops an instance of the tool" mdevctl stop --uuid "$CARD"
	check "$with starts it again from the definition" mdevctl start --uuid "$CARD"
	check_equal "the instance has the MAC address again, $with" 02:00:00:00:35:02 \
		"$(cat "$(instance "$CARD")/mac")"
	check_equal "the instance is bound again, $with" vhost_mdev "$(driver_of "$CARD")"
	unload
	root_down
done
