#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh WHERE: the checks in a Debian that has booted with the packages installed;
# run by systemd, see boot.sh.
set -u

where=$1
cd /srv/tests || exit 1
# shellcheck source=tests/report.sh
. ./report.sh
log=/tmp/log
vhost=/sys/class/mdev_bus/mvnet0-vhost/mdev_supported_types/mdev_port-mvnet-net1
uuid=$(cat /proc/sys/kernel/random/uuid)
# mdevctl has a definition of it, see host
at_boot=35353535-0000-4000-8000-000000000001

# check WHAT COMMAND...
check()
{
	what=$1
	shift
	if "$@" >$log 2>&1; then
		report_ok "$where" "$what"
		return 0
	fi
	report_not_ok "$where" "$what" "$(tail -n 40 $log)"
	return 1
}

# wait_for COMMAND...: for two minutes at most
wait_for()
{
	tries=1200
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# with_access PATH ACCESS: for instance "660 kvm"
with_access()
{
	stat -L -c '%n: %a %G' "$1"
	[ "$(stat -L -c '%a %G' "$1" 2>/dev/null)" = "$2" ]
}

# the first net device of an instance
netdev_of()
{
	for netdev in "/sys/bus/mdev_class/devices/$1"/virtio*/net/*; do
		[ -e "$netdev" ] && echo "$netdev"
		return
	done
}

started()
{
	[ -n "$(netdev_of "$at_boot")" ]
}

as_defined()
{
	netdev=$(netdev_of "$at_boot")
	cat "$netdev/address" "$netdev/mtu"
	[ "$(cat "$netdev/address")" = 02:00:00:00:35:01 ] &&
	[ "$(cat "$netdev/mtu")" = 1400 ]
}

# nothing that check() finds here is an error: there is no IOMMU, which is a warning
tool_check()
{
	virtio-mdev check
}

tool_shows()
{
	virtio-mdev types && virtio-mdev list && virtio-mdev show "$at_boot" >/tmp/show &&
	cat /tmp/show && grep 02:00:00:00:35:01 /tmp/show
}

tool_creates()
{
	made=$(virtio-mdev create mvnet0-vhost/mvnet-net1 mac=02:00:00:00:35:02) &&
	virtio-mdev list && wait_for with_access "/dev/vhost-mdev/by-uuid/$made" "660 kvm" &&
	[ "$(cat "/sys/bus/mdev_class/devices/$made/mac")" = 02:00:00:00:35:02 ] &&
	virtio-mdev remove "$made" && [ ! -e "/sys/bus/mdev_class/devices/$made" ]
}

# as it starts by itself, it would come back with the port when mvnet is loaded again
stopped()
{
	mdevctl stop --uuid "$at_boot" && mdevctl undefine --uuid "$at_boot"
}

create()
{
	modprobe mvnet && echo "$uuid" >$vhost/create &&
		wait_for with_access "/dev/vhost-mdev/by-uuid/$uuid" "660 kvm"
}

mtu()
{
	cat /sys/module/mvnet/parameters/mtu "/sys/bus/mdev_class/devices/$uuid/mtu" &&
	[ "$(cat "/sys/bus/mdev_class/devices/$uuid/mtu")" = 1400 ]
}

purge()
{
	DEBIAN_FRONTEND=noninteractive apt-get -y purge virtio-mdev-dkms virtio-mdev-dev \
		virtio-mdev-tools
}

still_there()
{
	ls -l "/sys/bus/mdev/devices/$uuid" && [ -c "/dev/vhost-mdev/by-uuid/$uuid" ]
}

gone()
{
	echo 1 >"/sys/bus/mdev/devices/$uuid/remove" || return
	for module in mvnet virtio_mdev vhost_mdev vfio_mdev mdev_vfio mdev_soft_net \
		mdev_core; do
		[ ! -d /sys/module/$module ] || rmmod $module || return
	done
	! lsmod | grep -E '^(mv|mdev_|v[a-z]*_mdev )'
}

nothing_left()
{
	! {
		ls -d /usr/src/virtio-mdev* /var/lib/dkms/virtio-mdev* \
			/usr/share/virtio-mdev* /usr/share/doc/virtio-mdev*
		find /usr/lib/udev /usr/share/man /usr/include -name '*mdev.*' -o \
			-name '*-mdev.rules'
		find /lib/modules/*/updates -name '*.ko*'
	} 2>/dev/null | grep -v -e mdevctl -e /mdev.h -e /atmdev.h
}

clean_log()
{
	! dmesg | grep -E -f splats.regex
}

check "a module named in modules-load.d is loaded when the system boots" \
	wait_for test -d /sys/module/mvnet
check "mdevctl's definition is started when the system boots" wait_for started
check "the driver has found what is defined" as_defined
check "virtio-mdev check finds no error" tool_check
check "virtio-mdev shows types and instances" tool_shows
check "virtio-mdev creates an instance and removes it" tool_creates
check "mdevctl stops the instance, and forgets it" stopped
check "an instance of each type can be created and removed" ./instances
check "the char device of an instance gets a link and is for the group kvm" create
check "a parameter of modprobe.d holds for a new instance" mtu
check "the packages can be purged while an instance is there" purge
check "the instance outlives the packages" still_there
check "then the instance can be removed and the modules unloaded" gone
check "nothing of the packages is left" nothing_left
check "the kernel log has no report of a bug" clean_log
echo "=over"
