#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12-net
# memory: 1024
# cmdline: disk=256
# timeout: 1800
#
# What README.md, docs/operate.md and docs/mdevctl.md have to paste, as it is printed, in a
# Debian 12 that systemd has booted.  Then the machine boots again, and what was defined with
# mdevctl is there: a network device, and a disk in a file.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-net.sh
. /tests/lib-root.sh
. /tests/lib-boot.sh

HOME_OF=root/recipes

# prepare: the root as an administrator has it before the first command
prepare()
{
	tr -d - </proc/sys/kernel/random/uuid >$ROOT/etc/machine-id
	# nobody is here to log in, and no switch is wanted
	for _unit in getty.target openvswitch-switch.service; do
		ln -sf /dev/null "$ROOT/etc/systemd/system/$_unit"
	done
	mkdir -p $ROOT/$HOME_OF/clients $ROOT/usr/local/sbin
	cp /tests/root/recipes-* $ROOT/$HOME_OF/ &&
		cp /bin/virtio-mdev $ROOT/$HOME_OF/ &&
		cp /bin/user-net $ROOT/$HOME_OF/clients/ &&
		cp /tests/root/59-mdev_class.rules /tests/root/mvblk.service $ROOT/$HOME_OF/
}

# paste PAGE: the commands of recipes-PAGE.sh
paste()
{
	in_systemd sh -c "cd /$HOME_OF && exec bash recipes-$1.sh"
}

debian_up()
{
	systemd_up
	check "Debian comes up, $1" \
		wait_for 180 in_systemd systemctl is-active multi-user.target ||
		note "$(in_systemd systemctl list-jobs)"
}

# mtu_is MTU: of the interface of the defined network device, which udev may rename
mtu_is()
{
	[ "$(cat "/sys/class/net/$(netdev_of "$net")/mtu")" = "$1" ]
}

boots=$(boots_before)
check "a Debian 12 can be mounted that keeps what is written" \
	root_up 12-net $DISK || exit 1

if [ "$boots" = 0 ]; then
	check "the files of the pages can be written" prepare || exit 1
	debian_up "for the first time"
	check "the commands of README.md work as they are printed" paste readme
	check "the commands of docs/operate.md work as they are printed" paste operate
	check "the commands of docs/mdevctl.md work as they are printed" paste mdevctl
	for module in mvnet mvblk; do
		modprobe -r $module
	done
	systemd_down
	unload
	root_down
	boot_again 1
fi

check "no module is loaded before Debian boots again" eval "! loaded mdev_core"
debian_up "again"
read -r net disk <$ROOT/$HOME_OF/defined
check "the defined network device is bound after the reboot" wait_for 180 bound "$net"
check_equal "the network device has its MAC address after the reboot" 02:00:00:00:00:02 \
	"$(cat "$(instance "$net")/mac")"
check "the interface has the MTU after the reboot" \
	wait_for 60 mtu_is 1400
check_equal "the network device has its link after the reboot" down \
	"$(cat "$(instance "$net")/link")"
check "the defined disk is bound after the reboot" wait_for 180 bound "$disk"
check "the disk has the size of its file after the reboot" \
	wait_for 60 size_is "$disk" $((1 << 30))
check_equal "nothing else was started" 2 "$(instances)"
systemd_down
unload
root_down
