#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12
# memory: 2048
# timeout: 600
#
# The same with shadow virtqueues, by which QEMU 7.2 migrates guests: rings and
# control queue are QEMU's own, and features that it does not know are switched
# off.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh

# CTRL_RX, CTRL_RX_EXTRA, GUEST_ANNOUNCE, INDIRECT_DESC, RING_PACKED, IN_ORDER
vhost_up features_off=0xc10340000
node=/dev/$(chardev_of "$UUID")
check "a Debian 12 can be mounted" root_up 12 || exit 1
ulimit -l unlimited

checks_of python3 /tests/root/net.py --svq "$node"
check_equal "the instance is idle after QEMU's end" idle "$(state_of "$UUID")"

root_down
vhost_down
