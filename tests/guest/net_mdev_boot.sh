#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12-net
# memory: 1024
# cmdline: disk=256
# timeout: 600
#
# A bridge port over a boot, as docs/net.md says: it is defined, the machine boots, and
# systemd of Debian 12 loads net_mdev, whose instance mdevctl makes and systemd-networkd
# puts into the bridge.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh
. /tests/lib-net-boot.sh
. /tests/lib-boot.sh

UUID=83b8f4f2-509f-382f-3c1e-e6bfe0fa1003

# define: all that the page tells an administrator to do
define()
{
	boot_files && in_root uuid=$UUID sh /tests/root/net-mdevctl.sh &&
		in_root sh /tests/root/net-boot.sh
}

modprobe vfio_iommu_type1
boots=$(boots_before)
check "a Debian 12 can be mounted that keeps what is written" \
	root_up 12-net $DISK || exit 1

if [ "$boots" = 0 ]; then
	# what each installed system has
	tr -d - </proc/sys/kernel/random/uuid >$ROOT/etc/machine-id
	# nobody is here to log in, and no switch is wanted
	for unit in getty.target openvswitch-switch.service; do
		ln -sf /dev/null $ROOT/etc/systemd/system/$unit
	done
	check "net_mdev can be loaded" modprobe net_mdev || exit 1
	check "a port that comes with each boot can be defined" define || exit 1
	unload
	root_down
	boot_again 1
fi

check "no module is loaded before Debian boots" eval "! loaded net_mdev"
systemd_up
port_is_there "after the boot"
check "Debian comes up without waiting for a guest at the port" \
	wait_for 120 in_systemd systemctl is-active multi-user.target ||
	note "$(in_systemd systemctl list-jobs)"
note "$(in_systemd systemctl is-system-running)"
systemd_down
ip link del dev br0
unload
root_down
