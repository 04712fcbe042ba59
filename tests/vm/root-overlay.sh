# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# How scripts get a root file system that they may change, over one of the cache;
# sourced by them in a mount namespace of their own, with which it ends.

# root_overlay ROOT DIR: mount it at DIR; what is written to it is kept in RAM
root_overlay()
{
	mount --make-rprivate / &&
	mkdir -p "$2" &&
	# An overlay's upper folder must not lie in an overlay, as a container's
	# file system may be one
	mount -t tmpfs tmpfs "$2" &&
	mkdir "$2/upper" "$2/work" "$2/root" &&
	mount -t overlay overlay -o \
		"lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" &&
	mount --bind "$2/root" "$2" &&
	mount -t proc proc "$2/proc" &&
	mount --rbind /dev "$2/dev" &&
	mount -t tmpfs tmpfs "$2/tmp"
}

# in_overlay DIR COMMAND...: with that as its root
in_overlay()
{
	local dir=$1
	shift
	chroot "$dir" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive "$@"
}
