# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that have the kernel's virtio-blk drive an instance of mvblk.

VIRTIO_BLK=/sys/bus/virtio/drivers/virtio_blk

# create_blk virtio|vhost ram64m|ram1g|file UUID
create_blk()
{
	create "mvblk0-$1" "*-mvblk-$2" "$3"
}

# new_blk TYPE: an instance of class VHOST, UUID, and its char device, NODE;
# wants lib-vhost.sh, too
new_blk()
{
	UUID=$(new_uuid)
	check "mvblk-$1 of class VHOST can be created" \
		create_blk vhost "$1" "$UUID" || exit 1
	NODE=/dev/$(chardev_of "$UUID")
}

# disk_of UUID: the name of the block device
disk_of()
{
	for _d in "$INSTANCES/$1"/virtio[0-9]*/block/*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
		return 0
	done
}

# blk_vars UUID: DISK, DEV and DIR
blk_vars()
{
	DIR=$(instance "$1")
	DISK=$(disk_of "$1") && DEV=/dev/$DISK && [ -b "$DEV" ]
}

# blk_up TYPE UUID: an instance, and DISK, DEV and DIR of it
blk_up()
{
	modprobe virtio_blk
	check "an instance of mvblk-$1 can be created" \
		create_blk virtio "$1" "$2" || return 1
	check "virtio-blk drives mvblk-$1" wait_for 10 blk_vars "$2" || return 1
	blk_vars "$2"
}

# blk_size UUID: of the block device in bytes
blk_size()
{
	blockdev --getsize64 "/dev/$(disk_of "$1")"
}

size_is()
{
	[ "$(blk_size "$1")" = "$2" ]
}

# disk_on BACKING [DIRECT]: the instance UUID on a file or a block device, and DISK, DEV
# and DIR of it
disk_on()
{
	blk_up file "$UUID" || exit 1
	if [ -n "${2:-}" ]; then
		# Only before a driver uses it
		put "$UUID" "/sys/bus/mdev_class/drivers/virtio_mdev/unbind"
		check "a disk can be set to direct $2" put "$2" "$DIR/direct"
	fi
	check "a disk can lie on $1" put "$1" "$DIR/backing" || exit 1
	[ -z "${2:-}" ] || check "virtio-blk drives it again" \
		put "$UUID" "/sys/bus/mdev_class/drivers/virtio_mdev/bind" || exit 1
	check "the driver sees the disk on $1" wait_for 10 disk_has_size
	blk_vars "$UUID"
}

disk_has_size()
{
	[ "$(blk_size "$UUID")" -gt 0 ]
}

# vq_sum UUID COUNTER: of all virtqueues
vq_sum()
{
	cat "$INSTANCES/$1"/vq*/"$2" | awk '{ n += $1 } END { print n + 0 }'
}

# chains_reach UUID COUNT: so many requests have been taken from all virtqueues
chains_reach()
{
	[ "$(vq_sum "$1" chains)" -ge "$2" ]
}

# under_load UUID: so that something is on its way, wait until many requests
# have been taken
under_load()
{
	_goal=$(($(vq_sum "$1" chains) + 200))
	wait_for 30 chains_reach "$1" $_goal
}

# random_file FILE MIB
random_file()
{
	dd if=/dev/urandom of="$1" bs=1M count="$2" 2>/dev/null
}

# largest_bs OFFSET LENGTH: what both are a multiple of
largest_bs()
{
	for _bs in 65536 4096 512; do
		[ $(($1 % _bs + $2 % _bs)) != 0 ] || break
	done
	echo "$_bs"
}

# put_range FILE OFFSET LENGTH: that much of FILE to the same place of $DEV
put_range()
{
	_bs=$(largest_bs "$2" "$3")
	dd if="$1" of="$DEV" bs="$_bs" skip=$(($2 / _bs)) seek=$(($2 / _bs)) \
		count=$(($3 / _bs)) conv=notrunc 2>/dev/null && sync
}

drop_caches()
{
	sync
	echo 3 >/proc/sys/vm/drop_caches
	blockdev --flushbufs "$DEV"
}

# same FILE: the device has at its beginning what the file has
same()
{
	drop_caches
	head -c "$(wc -c <"$1")" "$DEV" | cmp - "$1"
}

# all_zero OFFSET LENGTH: of the device
all_zero()
{
	drop_caches
	_bs=$(largest_bs "$1" "$2")
	[ "$(dd if="$DEV" bs="$_bs" skip=$(($1 / _bs)) count=$(($2 / _bs)) \
		2>/dev/null | tr -d '\0' | wc -c)" = 0 ]
}

# zero_in FILE OFFSET LENGTH: make zeroes of that in a file
zero_in()
{
	_bs=$(largest_bs "$2" "$3")
	dd if=/dev/zero of="$1" bs="$_bs" seek=$(($2 / _bs)) \
		count=$(($3 / _bs)) conv=notrunc 2>/dev/null
}

# blk_down: and look whether all memory came back
blk_down()
{
	unload
	rmmod virtio_blk 2>/dev/null
	return 0
}
