#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154
#
# The commands of docs/net.md for a network namespace, for the instance $uuid.
set -ex

dev=$(ls /sys/bus/mdev/devices/$uuid/net)
ip netns add service
ip link set $dev netns service
ip -n service addr add 192.168.78.1/24 dev $dev
ip -n service link set $dev up
