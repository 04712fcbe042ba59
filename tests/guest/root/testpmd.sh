#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2086,SC2154,SC3045
#
# The command of docs/dpdk.md, for the device $node and with $options.
ulimit -l unlimited
dpdk-testpmd --no-pci -l 0-1 \
	--vdev net_virtio_user0,path=$node,$options -- \
	-i --total-num-mbufs=8192
