# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts whose disks lie on block devices of the host that are slow, fail, or
# lose what was not flushed.  null_blk keeps the data in memory, and a device mapper
# target on it does what the script wants; no udev is there to be waited for.  They
# source lib-blk.sh, too.
export DM_DISABLE_UDEV=1
NULLS=/sys/kernel/config/nullb

# lower_init: the modules; 1 where the kernel has none of them
lower_init()
{
	modprobe configfs 2>/dev/null
	modprobe null_blk nr_devices=0 2>/dev/null || return 1
	modprobe dm-mod
	[ -d $NULLS ] || mount -t configfs configfs /sys/kernel/config
	[ -d $NULLS ]
}

# lower_up: the same, or the end of the script
lower_up()
{
	check "the kernel has null_blk and the device mapper" lower_init || exit 1
}

# null_up NAME MIB [ATTRIBUTE=VALUE...]: a disk in memory; its node is null_dev NAME
null_up()
{
	mkdir "$NULLS/$1" || return 1
	for _set in "size=$2" memory_backed=1 discard=1 blocksize=512; do
		put "${_set#*=}" "$NULLS/$1/${_set%%=*}" || return 1
	done
	_null=$1
	shift 2
	for _set; do
		put "${_set#*=}" "$NULLS/$_null/${_set%%=*}" || return 1
	done
	put 1 "$NULLS/$_null/power"
}

# null_dev NAME: older kernels do not name the disk as the directory
null_dev()
{
	if [ -b "/dev/$1" ]; then
		echo "/dev/$1"
	else
		echo "/dev/nullb$(line_of "$NULLS/$1/index")"
	fi
}

null_down()
{
	put 0 "$NULLS/$1/power"
	rmdir "$NULLS/$1"
}

# dm_up NAME: with the table of stdin; its node is dm_dev NAME
dm_up()
{
	dmsetup create "$1"
}

dm_dev()
{
	echo "/dev/mapper/$1"
}

# dm_change NAME: to the table of stdin; what is in flight ends before
dm_change()
{
	dmsetup load "$1" && dmsetup suspend --nolockfs "$1" &&
		dmsetup resume "$1"
}

# dm_hold NAME: what comes from now on waits for dm_go_on NAME
dm_hold()
{
	dmsetup suspend --noflush --nolockfs "$1"
}

dm_go_on()
{
	dmsetup resume "$1"
}

dm_down()
{
	dmsetup remove --retry "$1"
}

# sectors DEV
sectors()
{
	blockdev --getsz "$1"
}

# linear DEV [SECTORS]: a table for dm_up
linear()
{
	echo "0 ${2:-$(sectors "$1")} linear $1 0"
}

# direct_read DEV SECTOR COUNT, direct_write DEV SECTOR COUNT FILE: past the cache of
# the upper disk
direct_read()
{
	_bs=$(largest_bs $(($2 * 512)) $(($3 * 512)))
	dd if="$1" of=/dev/null bs="$_bs" skip=$(($2 * 512 / _bs)) \
		count=$(($3 * 512 / _bs)) iflag=direct
}

direct_write()
{
	_bs=$(largest_bs $(($2 * 512)) $(($3 * 512)))
	dd if="$4" of="$1" bs="$_bs" seek=$(($2 * 512 / _bs)) \
		count=$(($3 * 512 / _bs)) oflag=direct conv=notrunc
}

# reads_back DEV SECTOR COUNT FILE: has what FILE begins with
reads_back()
{
	_bs=$(largest_bs $(($2 * 512)) $(($3 * 512)))
	head -c $(($3 * 512)) "$4" >/tmp/expected
	dd if="$1" bs="$_bs" skip=$(($2 * 512 / _bs)) \
		count=$(($3 * 512 / _bs)) iflag=direct 2>/dev/null |
		cmp - /tmp/expected
}

# begin NAME COMMAND...: in the background
begin()
{
	rm -f "/tmp/rc.$1"
	{
		_name=$1
		shift
		"$@"
		echo $? >"/tmp/rc.$_name.new"
		mv "/tmp/rc.$_name.new" "/tmp/rc.$_name"
	} &
}

# ended NAME...: all of these have
ended()
{
	for _name; do
		[ -e "/tmp/rc.$_name" ] || return 1
	done
}

# result NAME: its exit status, or nothing
result()
{
	cat "/tmp/rc.$1" 2>/dev/null
}
