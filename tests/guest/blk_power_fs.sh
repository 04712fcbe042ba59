#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# only: 6.1 6.12 7.2
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
check "mvblk can be loaded" modprobe mvblk || exit 1

# --- a file system in the disk -------------------------------------------------

check "the device that logs can be made again" logged_up || exit 1
blk_up file "$UUID" || exit 1
check "a disk can lie on the device that logs again" \
	put "$(dm_dev logged)" "$DIR/backing" || exit 1
wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
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
check "the disk with a file system can be removed" remove_mdev "$UUID"
check "the device that logs can be removed again" dm_down logged

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

check "the device that logs can be made for a file" logged_up || exit 1
check "the host can make a file system on the device that logs" \
	mkfs.ext4 -q "$(dm_dev logged)"
mount -t ext4 "$(dm_dev logged)" host
truncate -s 8M host/image
sync
blk_up file "$UUID" || exit 1
for direct in 0 1; do
	[ ! -e "$DIR/direct" ] || put $direct "$DIR/direct"
	check "a disk can lie in a file on the device that logs, direct $direct" \
		put host/image "$DIR/backing"
	break
done
wait_for 10 size_is "$UUID" $((8 * MIB))
blk_vars "$UUID"
ON=image
logged_data
check "the disk in a file can be removed" remove_mdev "$UUID"
umount host
check "the device that logs can be removed from under a file" dm_down logged
check_cuts "a disk in a file"

blk_down
power_down
