#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086
#
# The recipes of docs/blk.md, with the names of a volume, a file and a mount point:
#
#	blk-recipes.sh volume /dev/VOLUME
#	blk-recipes.sh file FILE
#	blk-recipes.sh mount DISK DIRECTORY
set -e

case $1 in
volume)
	volume=$2
uuid=$(cat /proc/sys/kernel/random/uuid)
dir=/sys/bus/mdev_class/devices/$uuid
echo $uuid > /sys/class/mdev_bus/mvblk0-virtio/mdev_supported_types/mdev_port-mvblk-bdev/create
echo $volume > $dir/backing
ls $dir/virtio*/block
	;;
file)
	image=$2
uuid=$(cat /proc/sys/kernel/random/uuid)
dir=/sys/bus/mdev_class/devices/$uuid
echo 0 > /sys/bus/mdev_class/drivers_autoprobe
echo $uuid > /sys/class/mdev_bus/mvblk0-virtio/mdev_supported_types/mdev_port-mvblk-file/create
echo 1 > /sys/bus/mdev_class/drivers_autoprobe
echo 1 > $dir/direct
echo $image > $dir/backing
echo $uuid > /sys/bus/mdev_class/drivers/virtio_mdev/bind
ls $dir/virtio*/block
	;;
mount)
	disk=$2
	directory=$3
mkfs.ext4 -q /dev/$disk
mount -t ext4 /dev/$disk $directory
	;;
esac
