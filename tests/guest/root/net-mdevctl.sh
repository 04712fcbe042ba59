#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154
#
# The commands of docs/net.md for a bridge port that comes with each boot, for $uuid.
set -ex

mdevctl define --uuid $uuid --parent net_mdev-vhost --type mdev_port-net_mdev-one --auto
mdevctl modify --uuid $uuid --addattr=instance/ifname --value=web0
mdevctl modify --uuid $uuid --addattr=instance/mac --value=02:00:00:00:23:01
mdevctl modify --uuid $uuid --addattr=instance/bind --value=1
