#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# slow: debug
# timeout: 120
#
# The recipes of docs/blk.md, and what a disk in a file has besides: direct I/O.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
RECIPES=/tests/root/blk-recipes.sh
MIB=$((1024 * 1024))

lower_up
modprobe -a ext4 virtio_mdev virtio_blk
check "mvblk can be loaded" modprobe mvblk || exit 1
check "a disk of 64 MiB in memory can be made" null_up low 64 || exit 1
LOW=$(null_dev low)
mkdir -p host mnt

# --- a volume ------------------------------------------------------------------

disk=$(sh -e $RECIPES volume "$LOW" 2>volume.out)
check "the recipe gives a disk on a volume" test -b "/dev/$disk" || {
	note "$(cat volume.out)"
	exit 1
}
volume_has_size()
{
	[ "$(blockdev --getsize64 "/dev/$disk")" = $((64 * MIB)) ]
}
check "the disk has the size of the volume" wait_for 10 volume_has_size
check "the recipe makes and mounts a file system on the disk" \
	sh -e $RECIPES mount "$disk" mnt
random_file mnt/data 4
cp mnt/data data
check "the file system on the volume can be unmounted" umount mnt
uuid=$(basename "$INSTANCES"/*)
check "the disk on the volume can be removed" remove_mdev "$uuid"
check "the host can mount the volume" mount -t ext4 "$LOW" host
check "the host finds the file that was written to the disk" cmp host/data data

# --- a file --------------------------------------------------------------------

truncate -s 16M host/image
disk=$(sh -e $RECIPES file host/image 2>file.out)
check "the recipe gives a disk in a file" test -b "/dev/$disk" || {
	note "$(cat file.out)"
	exit 1
}
uuid=$(basename "$INSTANCES"/*)
blk_vars "$uuid"
check_equal "the disk in a file has the size of the file" \
	$((16 * MIB)) "$(blk_size "$uuid")"
check_equal "the disk in a file is direct" 1 "$(cat "$DIR/direct")"
check_errno "direct cannot be changed while a driver uses the disk" EBUSY \
	put 0 "$DIR/direct"
check_errno "direct is 0 or 1" EINVAL put maybe "$DIR/direct"
check "four threads write and read a direct disk in a file" \
	blkop stress -t 4 -n 300 "$DEV"
check "data can be written to a direct disk in a file" put_range data 0 $((4 * MIB))
check "the data on a direct disk in a file reads back" same data
check "the host finds the data of a direct disk in the file" \
	sh -c "head -c $((4 * MIB)) host/image | cmp - data"
check "zeroes can be written to a direct disk in a file" \
	blkop zero "$DEV" $((MIB + 512)) $MIB
check "a range of a direct disk in a file can be discarded" \
	blkdiscard -o $((2 * MIB)) -l $MIB "$DEV"
zero_in data $((MIB + 512)) $MIB
zero_in data $((2 * MIB)) $MIB
check "zeroed and discarded ranges of a direct disk read zeroes" same data
check_equal "no request to the direct disk failed" 0 "$(vq_sum "$uuid" drops)"
check "the disk in a file can be removed" remove_mdev "$uuid"

# A file system with blocks of 4096 bytes on a disk with such sectors
check "the volume can be unmounted" umount host
null_down low
check "a disk with sectors of 4096 bytes can be made" \
	null_up low 64 blocksize=4096
LOW=$(null_dev low)
check "a file system can be made on large sectors" mkfs.ext4 -q "$LOW"
check "the file system on large sectors can be mounted" \
	mount -t ext4 "$LOW" host
truncate -s 16M host/image
disk=$(sh -e $RECIPES file host/image 2>file.out)
uuid=$(basename "$INSTANCES"/*)
blk_vars "$uuid"
check "requests smaller than a sector of the host's disk are served" \
	blkop stress -t 2 -n 200 "$DEV"
check_log "the log says that some I/O is not direct" \
	"not all I/O to host/image is direct"
check "the disk on large sectors can be removed" remove_mdev "$uuid"
umount host
blk_down
null_down low
rm -rf data volume.out file.out host mnt
