#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# memory: 2048
# timeout: 1200
#
# QEMU of Debian 12's backports, unmodified, on the char device: the same programs
# as in qemu_net, qemu_shared, qemu_hotplug, qemu_stop and qemu_boot.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

qemu_instances
check "a Debian 12 can be mounted" root_up 12-backports || exit 1
note "$(in_root qemu-system-x86_64 --version | head -n 1)"
# all of its guest's memory is pinned
ulimit -l unlimited

# check_net WHAT OPTION...
check_net()
{
	note "$1"
	_net=$1
	shift
	checks_of python3 /tests/root/net.py "$@" "/dev/$(chardev_of "$CARD")"
	check_equal "the instance is idle after QEMU's end, $_net" \
		idle "$(state_of "$CARD")"
}

# It knows of the first pair only that it is suspended, and finds out where the
# others are by itself.
restored="vhost VQ [0-9]+ ring restore failed"
check_net "netdev, split rings" --says "$restored"
check_net "netdev, packed rings" --packed --says "$restored"
check_net "netdev, one pair" --pairs 1 --says "$restored"
check_net "device, split rings" --script disk.sh --generic --says "$restored"
check_net "device, packed rings" --script disk.sh --generic --packed --says "$restored"

qemu_test --chardev shared
qemu_test --chardev hotplug
qemu_test --chardev killed
qemu_test --chardev stop
qemu_test --chardev map
qemu_test --chardev boot

root_down
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
unload
