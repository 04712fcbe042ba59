#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 900
#
# mvnet in QEMU through VFIO, as -netdev vhost-mdev and as -device vhost-mdev-pci.  The
# guest is the same program in all cases, and in client_qemu and client_qemu_10.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

vhost_up doorbell=1
qemu_root_up

# check_net WHAT OPTION... INSTANCE
check_net()
{
	note "$1"
	_net=$1
	shift
	checks_of python3 /tests/root/net.py "$@"
	qemu_idle "$_net"
}

check_net "netdev, split rings" --script vfio-net.sh "$UUID"
check_net "netdev, packed rings, doorbells" --script vfio-net.sh --packed \
	--doorbells "$UUID"
check_net "netdev, one pair" --script vfio-net.sh --pairs 1 "$UUID"
check_net "device, split rings, doorbells" --script vfio-device.sh --generic \
	--doorbells "$UUID"
check_net "device, packed rings" --script vfio-device.sh --generic --packed "$UUID"

qemu_root_down
vhost_down
