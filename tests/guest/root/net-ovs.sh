#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154
#
# The commands of docs/net.md for a switch of Open vSwitch, for the instances $uuid and
# $uuid2.
set -ex

ovs-vsctl add-br ovs0
for u in $uuid $uuid2; do
	dev=$(ls /sys/bus/mdev/devices/$u/net)
	ip link set $dev up
	ovs-vsctl add-port ovs0 $dev
done
