#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 120
#
# Class VFIO: streams that were kept of each version of the format can be loaded for
# ever, and so can one of a version to come.  docs/migration.md has the format, and
# streams/README how the texts are made.  With "keep_streams" on the kernel's command
# line those of this version are printed.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh
. /tests/lib-blk.sh

STREAMS=/tests/streams

# instance_for DEVICE: create UUID, like the one that the streams of DEVICE come from
instance_for()
{
	case $1 in
	net1)	create_net1 vfio "$UUID" ;;
	net8)	create_net vfio "$UUID" ;;
	rng)	create mvrng0-vfio '*-rng' "$UUID" ;;
	blk)	create_blk vfio file "$UUID" &&
		put kept "$(instance "$UUID")/serial" &&
		put /tmp/disk "$(instance "$UUID")/backing" ;;
	esac
}

# keep DEVICE: print its streams
keep()
{
	_pairs=
	case $1 in
	net*)	_pairs="--pairs 1" ;;
	esac
	for _ring in split packed; do
		_packed=
		[ $_ring = split ] || _packed=--packed
		# shellcheck disable=SC2086 # both may be nothing
		if ! user_pci mig-keep $_pairs $_packed >/tmp/kept; then
			cat /tmp/kept
			return 1
		fi
		sed "s/^/keep $1-$_ring: /" /tmp/kept | while read -r line; do
			note "$line"
		done
	done
}

# load DIRECTORY DEVICE EXPECTED: each of the directory's streams of the device, with
# what user-pci has to say and its exit status
load()
{
	for _file in "$STREAMS/$1/$2"-*.hex; do
		[ -e "$_file" ] || continue
		_name=${_file##*/}
		user_pci mig-kept --file "$_file" >/tmp/out 2>&1
		_rc=$?
		check_equal "the stream ${_name%.hex} of $1 is ${3% *}" "$3" \
			"$(cat /tmp/out) $_rc"
	done
}

vfio_up
check "the first instance can be removed" remove_mdev "$UUID"
modprobe mvrng
modprobe mvblk
truncate -s 1M /tmp/disk
for device in net1 net8 rng blk; do
	UUID=$(new_uuid)
	check "an instance of $device is created" instance_for $device || continue
	! grep -qw keep_streams /proc/cmdline ||
		check "the streams of $device can be printed" keep $device
	for version in "$STREAMS"/v*; do
		load "${version##*/}" $device "loaded 0"
	done
	load newer $device "loaded 0"
	load refused $device "refused 3"
	check "the instance of $device can be removed" remove_mdev "$UUID"
done
vhost_down
