#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12
# memory: 2048
# timeout: 600
#
# QEMU of Debian 12, unmodified, on the char device.  Its guest is a program that
# drives QEMU's machine by the qtest socket.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh

vhost_up
node=/dev/$(chardev_of "$UUID")
check "a Debian 12 can be mounted" root_up 12 || exit 1
note "$(in_root qemu-system-x86_64 --version | head -n 1)"

# all of its guest's memory is pinned
ulimit -l unlimited

# check_net WHAT OPTION...
check_net()
{
	note "$1"
	shift
	checks_of python3 /tests/root/net.py "$@" "$node"
	check_equal "the instance is idle after QEMU's end" idle "$(state_of "$UUID")"
}

check_net "split rings"
check_net "packed rings" --packed

root_down
vhost_down
