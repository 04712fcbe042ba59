#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086
#
# The commands of docs/operate.md, in their order.
set -ex
. ./recipes-lib.sh

apt-get install gcc make pkg-config libjson-c-dev
make tools
make tools-install

modprobe net_mdev
virtio-mdev check                 # is there all that it takes? else, what to do
virtio-mdev types
uuid=$(virtio-mdev create net_mdev-virtio/net_mdev-one mac=02:00:00:00:00:01 mtu=1400)
virtio-mdev list
virtio-mdev show $uuid
virtio-mdev stats -i 1 -c 5 $uuid   # without -c until it is interrupted
virtio-mdev remove $uuid

# mdevctl is to be tried without the callout, too
rm /etc/mdevctl.d/scripts.d/callouts/virtio-mdev-callout
modprobe -r net_mdev
