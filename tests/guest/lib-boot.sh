# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# For scripts that go on after the guest has booted again.  They say
#
#	# cmdline: disk=256	MiB of a disk that keeps its data meanwhile
#
# and source lib-root.sh, too.

DISK=/dev/vda

# boots_before: how many times this script has booted the guest; the first time it makes
# a file system on the disk
boots_before()
{
	modprobe -a virtio_blk ext4
	mkdir -p /mnt/boots
	if mount -t ext4 $DISK /mnt/boots 2>/dev/null; then
		line_of /mnt/boots/count
	else
		mkfs.ext4 -q $DISK && mount -t ext4 $DISK /mnt/boots && echo 0
	fi
	umount /mnt/boots
}

# boot_again COUNT: become the guest that boots for the COUNTth time since this script
# began, and runs it from its first line
boot_again()
{
	mount -t ext4 $DISK /mnt/boots && put "$1" /mnt/boots/count
	umount /mnt/boots || exit 1
	splat_check
	# the runner boots another guest, and has this script run in it
	echo "=stop $NAME" >&3
	sync
	reboot -f
}

# systemd_up: Debian's systemd with all that it starts, as the first process of a
# namespace, which takes the root for its own
systemd_up()
{
	mkdir -p "$ROOT/lib/modules"
	mount --bind /lib/modules "$ROOT/lib/modules"
	unshare -m -p -f sh -c "
		cd $ROOT
		for d in tmp proc dev sys tests; do
			umount \$d
		done
		mount -t sysfs sys sys && mount -t devtmpfs dev dev &&
		mount -t tmpfs run run && mount -t tmpfs tmp tmp &&
		mount --move . / && exec chroot . /usr/bin/env -i \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			sh -c 'mount -t proc proc /proc && exec /lib/systemd/systemd'" \
		>/tmp/systemd.out 2>&1 &
	systemd=$!
}

# in_systemd COMMAND...: where systemd runs
in_systemd()
{
	nsenter -t "$(pidof systemd)" -m -p /usr/bin/env -i \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# systemd_down: it and all that it has started
systemd_down()
{
	# shellcheck disable=SC2046 # a list
	kill -9 $(pidof systemd)
	wait "$systemd"
	umount "$ROOT/lib/modules"
}
