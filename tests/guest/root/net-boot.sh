#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The commands of docs/net.md that have systemd load net_mdev and start networkd.
set -ex

echo net_mdev > /etc/modules-load.d/net_mdev.conf
systemctl enable systemd-networkd
