#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12-net
# memory: 1024
# timeout: 300
#
# mdevctl, udev and systemd-networkd of Debian 12 bring up a bridge port as docs/net.md
# says, when the parent comes and when it comes again.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh
. /tests/lib-net-boot.sh

UUID=$(new_uuid)
NETWORKD=/lib/systemd/systemd-networkd

modprobe bridge
check "a Debian 12 can be mounted" root_up 12-net || exit 1
check "the files for udev and systemd-networkd can be written" boot_files
in_root /lib/systemd/systemd-udevd --daemon 2>/dev/null
check "udev runs" wait_for 10 pidof systemd-udevd
in_root udevadm trigger --subsystem-match=net
in_root udevadm settle

mkdir -p $ROOT/run/systemd/netif/links $ROOT/run/systemd/netif/leases $ROOT/run/systemd/netif/lldp
in_root chown -R systemd-network: /run/systemd/netif
in_root $NETWORKD >networkd.log 2>&1 &
check "systemd-networkd makes the bridge" wait_for 30 [ -e /sys/class/net/br0 ] ||
	note "$(cat networkd.log)"

check "net_mdev can be loaded" modprobe net_mdev || exit 1
check "the commands for mdevctl work" in_root uuid="$UUID" sh /tests/root/net-mdevctl.sh
unload
# the first went with the modules; no alias loads it here
check "net_mdev can be loaded with a definition" \
	modprobe -a vfio_iommu_type1 net_mdev
port_is_there "at first"
unload
check_not "the interface goes with the module" [ -e /sys/class/net/web0 ]
modprobe -a vfio_iommu_type1 net_mdev
port_is_there "when the parent comes again"
sed 's/^/networkd: /' networkd.log

for p in systemd-networkd systemd-udevd; do
	# shellcheck disable=SC2046 # a list
	kill $(pidof $p)
	wait_for 10 eval "! pidof $p"
done
ip link del dev br0
unload
root_down
