# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that run programs of Debian, which say
#
#	# root: 12		a root file system that tests/vm/guest-root makes, or
#	#			some, with blanks between them
#	# memory: 3072		MiB that the guest needs at least

ROOT=/mnt/root

# share_mount TAG DIRECTORY: what the runner gives the guest to read
share_mount()
{
	mount -t 9p -o "trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose" \
		"$1" "$2"
}

# root_up NAME [DISK]: mount it at $ROOT, so that the programs in it find what they
# need; what they write is gone afterwards, or on a disk with a file system
root_up()
{
	for _m in 9pnet_virtio 9p overlay; do
		modprobe $_m
	done
	mkdir -p /mnt/share $ROOT /mnt/over
	share_mount "root-$1" /mnt/share || return 1
	if [ -n "${2:-}" ]; then
		mount -t ext4 "$2" /mnt/over || return 1
	else
		mount -t tmpfs over /mnt/over
	fi
	mkdir -p /mnt/over/upper /mnt/over/work
	mount -t overlay overlay -o \
		"lowerdir=/mnt/share,upperdir=/mnt/over/upper,workdir=/mnt/over/work" \
		$ROOT || return 1
	mkdir -p $ROOT/tests
	for _d in dev proc sys tmp tests; do
		mount --bind /$_d $ROOT/$_d || return 1
	done
}

# in_root COMMAND...
in_root()
{
	in_root_by "" "$@"
}

# in_root_by PREFIX COMMAND...: by these words of another command, which runs the rest
in_root_by()
{
	_by=$1
	shift
	# shellcheck disable=SC2086 # words
	$_by chroot $ROOT /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 TERM=dumb PYTHONPATH=/tests/root \
		PYTHONDONTWRITEBYTECODE=1 "$@"
}

# checks_of COMMAND...: run it in the root; it prints lines of checks, and what
# else it says belongs to the one before
checks_of()
{
	{
		in_root "$@" 2>&1
		echo "=rc $?"
	} | while read -r _line; do
		case $_line in
		"ok - "*)	pass "${_line#ok - }" ;;
		"not ok - "*)	fail "${_line#not ok - }" ;;
		"=rc "*)	check_equal "$1 $2 ends with status 0" 0 "${_line#=rc }" ;;
		"") ;;
		*)		echo "#   $_line" >&3 ;;
		esac
	done
}

root_down()
{
	for _d in dev proc sys tmp tests; do
		umount $ROOT/$_d
	done
	umount $ROOT /mnt/over /mnt/share
}
