#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12
# nested: yes
# memory: 2048
# timeout: 3600
#
# QEMU of Debian 12 on the char device, with a guest of its own, whose virtio-net
# passes traffic; it reboots, passes traffic again and shuts down.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-nested.sh

vhost_up
node=/dev/$(chardev_of "$UUID")
check "a Debian 12 can be mounted" root_up 12 || exit 1
check "the files that the inner guest boots from are there" nested_up || exit 1
note "$(in_root qemu-system-x86_64 --version | head -n 1)"

# traffic WHEN
# shellcheck disable=SC2016 # for the shell there
traffic()
{
	nested_do "$1: virtio-net has come up" nested_net &&
	nested_do "$1: ping" 'in_ns $NSA ping -c 5 -W 5 -s 1400 $IPB' &&
	nested_do "$1: 1 MiB by TCP, compared" 'nested_copy 1024'
}

# nothing is booted from the network
nested_start guest.sh "$node" -global virtio-net-pci.romfile=
if nested_boots "the guest boots"; then
	traffic "at first"
	check_equal "the instance is running while the guest uses it" \
		running "$(state_of "$UUID")"
	nested_reboot
	nested_boots "the guest boots again" && traffic "after the reboot"
fi
nested_stop "the guest"
check_equal "the instance is idle after the guest's end" idle "$(state_of "$UUID")"

nested_down
root_down
vhost_down
