#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086
#
# The commands of docs/mdevctl.md, in their order, and the files that it has written; the
# UUIDs of what is to be there after a reboot go to the file "defined".
set -ex
. ./recipes-lib.sh

apt-get install mdevctl uuid-runtime
modprobe -a mvnet mvblk
uuid=$(uuidgen)
mdevctl define --uuid $uuid --parent mvnet0-vhost --type mdev_port-mvnet-net8
mdevctl modify --uuid $uuid --addattr=instance/mac --value=02:00:00:00:00:01
mdevctl start --uuid $uuid

[ "$(cat /sys/bus/mdev_class/devices/$uuid/mac)" = 02:00:00:00:00:01 ]

cp 59-mdev_class.rules /etc/udev/rules.d/

echo 0 > /sys/bus/mdev_class/drivers_autoprobe

net=$(uuidgen)
mdevctl define --uuid $net --parent mvnet0-virtio --type mdev_port-mvnet-net8 --auto
mdevctl modify --uuid $net --addattr=instance/mac --value=02:00:00:00:00:02
mdevctl modify --uuid $net --addattr=instance/mtu --value=1400
mdevctl modify --uuid $net --addattr=instance/bind --value=1

truncate -s 1G /var/lib/disk.img
disk=$(uuidgen)
mdevctl define --uuid $disk --parent mvblk0-virtio --type mdev_port-mvblk-file --auto
mdevctl modify --uuid $disk --addattr=instance/backing --value=/var/lib/disk.img
mdevctl modify --uuid $disk --addattr=instance/bind --value=1

mdevctl start --uuid $net
mdevctl start --uuid $disk

mdevctl modify --uuid $net --delattr                # the last one, instance/bind
mdevctl modify --uuid $net --addattr=instance/link --value=down
mdevctl modify --uuid $net --addattr=instance/bind --value=1
mdevctl stop --uuid $net && mdevctl start --uuid $net

[ "$(cat /sys/bus/mdev_class/devices/$net/link)" = down ]
# as after an update of the class drivers
for u in $uuid $net $disk; do
	echo $u > /sys/bus/mdev_class/devices/$u/driver/unbind
done

for bind in /sys/bus/mdev_class/devices/*/bind; do echo 1 > $bind; done

for u in $uuid $net $disk; do
	[ -e /sys/bus/mdev_class/devices/$u/driver ]
done

echo mvnet > /etc/modules-load.d/mvnet.conf

ln -s ../bin/mdevctl /usr/sbin/mdevctl

cp mvblk.service /etc/systemd/system/
systemctl enable mvblk.service

echo $net $disk >defined
