# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# For scripts in which a bridge port comes by itself, as docs/net.md says.  They source
# lib-vhost.sh, lib-net-mdev.sh and lib-root.sh, too.

# boot_files: what docs/net.md and docs/mdevctl.md have an administrator write
boot_files()
{
	cp /tests/root/59-mdev_class.rules "$ROOT/etc/udev/rules.d/" &&
	# where mdevctl's rule expects it, and Debian has it not
	ln -sf ../bin/mdevctl "$ROOT/usr/sbin/mdevctl" &&
	cp /tests/root/networkd/* "$ROOT/etc/systemd/network/"
}

# port_is_there WHEN: the instance UUID, its interface, and the bridge
port_is_there()
{
	# mdevctl sets the attributes one after the other, and bind is the last
	check "the defined instance is bound, $1" wait_for 60 bound "$UUID" || return
	check_equal "the instance has the MAC address, $1" 02:00:00:00:23:01 \
		"$(cat "$(instance "$UUID")/mac")"
	check_equal "the interface has the name, $1" web0 "$(host_of "$UUID")"
	check "the interface is a port of the bridge, $1" \
		wait_for 60 [ -e /sys/class/net/web0/master ]
	check "the bridge has its address, $1" \
		wait_for 60 eval 'ip addr show dev br0 | grep -q 192.168.77.1/24'
	check_equal "the port is of that bridge, $1" br0 \
		"$(basename "$(readlink /sys/class/net/web0/master)")"
	if user_start user-net deaf; then
		pass "a program has the instance, $1"
	else
		fail "a program has the instance, $1" "$(cat /tmp/victim.out)"
	fi
	check "the port has a carrier while a program uses it, $1" \
		wait_for 20 carrier_is web0 1
	check "the instance is idle when the program is killed, $1" user_kill
}
