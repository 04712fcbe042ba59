#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154
#
# The commands of docs/net.md for a bridge with a DHCP server, for the instance $uuid.
set -ex

dev=$(ls /sys/bus/mdev/devices/$uuid/net)
ip link add br0 type bridge forward_delay 0
ip link set br0 up
ip link set $dev master br0 up

ip addr add 192.168.77.1/24 dev br0
dnsmasq --interface=br0 --bind-interfaces --except-interface=lo --port=0 \
	--dhcp-range=192.168.77.10,192.168.77.99
