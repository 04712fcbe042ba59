#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# long: yes
# root: 12
# timeout: 300
#
# The rule for udev that is installed gives the char device of an instance to those who
# may run virtual machines, and nothing of VFIO.  That takes the example of docs/uapi.md.
. /tests/lib.sh
. /tests/lib-root.sh

VHOST=$(new_uuid)
VFIO=$(new_uuid)

# access NODE: its mode and group
access()
{
	in_root stat -c '%a %G' "$1"
}

# udev COMMAND...: of udevadm, which does nothing in a chroot unless it is told to
udev()
{
	in_root env SYSTEMD_IGNORE_CHROOT=1 udevadm "$@"
}

# group_node UUID: the node of its VFIO group
group_node()
{
	echo "/dev/vfio/$(basename "$(readlink "/sys/bus/mdev/devices/$1/iommu_group")")"
}

check "a Debian 12 can be mounted" root_up 12 || exit 1
mkdir -p $ROOT/etc/udev/rules.d
cp /tests/udev/*.rules $ROOT/etc/udev/rules.d/
grep -q ^kvm: $ROOT/etc/group || echo kvm:x:993: >>$ROOT/etc/group
in_root /lib/systemd/systemd-udevd --daemon 2>/dev/null
check "udev runs" wait_for 60 pidof systemd-udevd

modprobe mvnet
modprobe vfio_iommu_type1
check "an instance of class VHOST can be created" create_net vhost "$VHOST"
check "an instance of class VFIO can be created" create_net vfio "$VFIO"
check "udev settles" udev settle
check_equal "the char device belongs to the group kvm" "660 kvm" \
	"$(access "/dev/$(basename "$INSTANCES/$VHOST"/vhost-mdev/*)")"
check "the char device has a name with the UUID" \
	test -c "/dev/vhost-mdev/by-uuid/$VHOST"
for uuid in "$VHOST" "$VFIO"; do
	check_equal "a VFIO group is for root alone without the example" "600 root" \
		"$(access "$(group_node "$uuid")")"
done
cp /tests/examples/60-vfio-mdev.rules $ROOT/etc/udev/rules.d/
check "udev reads the example" udev control --reload
check "udev looks again at the nodes of VFIO" udev trigger --settle \
	--subsystem-match=vfio --subsystem-match=vfio-dev
check_equal "the VFIO group of class VHOST belongs to the group kvm" "660 kvm" \
	"$(access "$(group_node "$VHOST")")"
check_equal "the VFIO group of class VFIO belongs to the group kvm" "660 kvm" \
	"$(access "$(group_node "$VFIO")")"
check_equal "the group's device names the instance" "$VFIO" \
	"$(line_of "/sys/bus/mdev/devices/$VFIO/iommu_group/devices/$VFIO"-*/mdev_uuid)"
check "the instance of class VHOST can be removed" remove_mdev "$VHOST"
check "udev settles after the removal" udev settle
check_not "the name with the UUID is gone with the instance" \
	test -e "/dev/vhost-mdev/by-uuid/$VHOST"
# shellcheck disable=SC2046
kill $(pidof systemd-udevd)
wait_for 60 eval '! pidof systemd-udevd'
unload
root_down
