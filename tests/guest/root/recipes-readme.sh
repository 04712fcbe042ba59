#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2012,SC2086
#
# The commands of README.md, in their order.
set -ex
. ./recipes-lib.sh

make demo

make check

apt-get install git make dkms linux-headers-amd64   # of 6.12: linux-headers-6.12-amd64
make dkms-install             # in a clone of this repository
modprobe mvnet

uuid=$(cat /proc/sys/kernel/random/uuid)
echo $uuid > /sys/class/mdev_bus/mvnet0-virtio/mdev_supported_types/mdev_port-mvnet-net8/create
cat /sys/bus/mdev_class/devices/$uuid/state      # running
ls /sys/bus/mdev_class/devices/$uuid/virtio*/net # the network interface

[ "$(cat /sys/bus/mdev_class/devices/$uuid/state)" = running ]

user=$(cat /proc/sys/kernel/random/uuid)
echo $user > /sys/class/mdev_bus/mvnet0-vhost/mdev_supported_types/mdev_port-mvnet-net8/create
modprobe vfio_iommu_type1
make -C tests/clients O=/tmp/clients             # in the clone; wants libc6-dev and gcc
/tmp/clients/user-net demo --uuid $user --frames 100000

/tmp/clients/user-net traffic --chardev --uuid $user --frames 100000

modprobe net_mdev
card=$(cat /proc/sys/kernel/random/uuid)
echo $card > /sys/class/mdev_bus/net_mdev-vhost/mdev_supported_types/mdev_port-net_mdev-one/create
port=$(ls /sys/bus/mdev/devices/$card/net)       # vm0, perhaps
ip addr add 192.0.2.1/24 dev $port
ip link set $port up
/tmp/clients/user-net ping --uuid $card --own 192.0.2.2 --peer 192.0.2.1

truncate -s 1G /var/lib/disk.img      # the disk has the size of the file
modprobe mvblk
disk=$(cat /proc/sys/kernel/random/uuid)
echo 0 > /sys/bus/mdev_class/drivers_autoprobe
echo $disk > /sys/class/mdev_bus/mvblk0-virtio/mdev_supported_types/mdev_port-mvblk-file/create
echo 1 > /sys/bus/mdev_class/drivers_autoprobe
echo /var/lib/disk.img > /sys/bus/mdev_class/devices/$disk/backing
echo 1 > /sys/bus/mdev_class/devices/$disk/bind
ls /sys/bus/mdev_class/devices/$disk/virtio*/block   # vda, perhaps

vda=$(ls /sys/bus/mdev_class/devices/$disk/virtio*/block)
[ "$(cat /sys/block/$vda/size)" = $((1 << 21)) ]

for u in $uuid $user $card $disk; do echo 1 > /sys/bus/mdev/devices/$u/remove; done
modprobe -r mvnet net_mdev mvblk virtio_mdev vhost_mdev vfio_mdev
make dkms-remove              # in the clone

for module in mvnet net_mdev mvblk virtio_mdev vhost_mdev vfio_mdev; do
	[ ! -e /sys/module/$module ]
done
rm /var/lib/disk.img

apt-get install openssl mokutil
make dkms-install                     # in the clone: makes the key, and signs with it
mokutil --import /var/lib/dkms/mok.pub
reboot
