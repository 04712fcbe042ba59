#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 120
#
# Calls of the char device in the order in which other programs make them.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "frames come back after calls in the orders of QEMU, DPDK and libblkio" \
	user_net_chardev order --frames 500
check "frames come back through packed rings after calls in the orders of QEMU, DPDK and libblkio" \
	user_net_chardev order --frames 500 --packed
vhost_down
