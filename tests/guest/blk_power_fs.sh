#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# long: yes
# timeout: 300
#
# What a power cut leaves of a file system on mvblk's disk, and of mvblk's disk in a
# file of a file system.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh
. /tests/lib-power.sh

cd /tmp || exit 1
UUID=$(new_uuid)
power_up
# --- a file system in the disk -------------------------------------------------

logged_disk "a disk with a file system"
ON=
check "a file system can be made on the disk" mkfs.ext4 -q "$DEV"
check "the file system can be mounted" mount -t ext4 "$DEV" mnt
for n in 1 2 3; do
	dd if=/dev/urandom of=mnt/file$n bs=64k count=$((3 * n)) 2>/dev/null
	check "a file can be synchronised, power cut $n" sync mnt/file$n
	mark file-$n
	(cd mnt && sha256sum file*) >sums-$n
	# more work that may be lost
	dd if=/dev/urandom of=mnt/junk bs=64k count=4 2>/dev/null
	rm mnt/junk
done
check "the file system can be unmounted" umount mnt
logged_off "a disk with a file system"

# cut_mounts N: the file system can be mounted, has the files, and is whole
cut_mounts()
{
	power_cut "file-$1" && mount -t ext4 "$CUT" mnt || return 1
	(cd mnt && sha256sum -c "../sums-$1")
	_rc=$?
	umount mnt
	e2fsck -fn "$CUT" && return $_rc
}
for n in 1 2 3; do
	check "a file system on the disk is whole after the power cut $n" \
		cut_mounts $n
done

# --- a file --------------------------------------------------------------------

ON=image
for direct in 0 1; do
	check "a device that logs can be made for a file, direct $direct" \
		logged_up || exit 1
	check "the host can make a file system on the device that logs, direct $direct" \
		mkfs.ext4 -q "$(dm_dev logged)"
	mount -t ext4 "$(dm_dev logged)" host
	truncate -s 8M host/image
	sync
	disk_on host/image $direct
	logged_data
	logged_off "a disk in a file, direct $direct,"
	check_cuts "a disk in a file, direct $direct,"
done

blk_down
power_down
