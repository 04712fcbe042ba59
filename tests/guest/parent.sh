#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# long: yes
# needs: parent-module
# timeout: 900
#
# What any parent driver has to do: one that "make check-parent" names, else the samples
# and the example.
. /tests/lib.sh
. /tests/lib-user.sh
. /tests/lib-parent.sh

# a module on 6.1
modprobe virtio_console 2>/dev/null
modprobe vfio_iommu_type1
MODULE='' TYPES='*' PARAMETERS='' ATTRIBUTES='' CHAINS=''
if [ -r /tests/parent.conf ]; then
	# any of these
	# shellcheck source=/dev/null
	. /tests/parent.conf
	# shellcheck disable=SC2086 # a list
	parent "$MODULE" "$TYPES" $PARAMETERS
else
	parent mvrng '*'
	parent mvecho '*'
	parent mvblk '*-ram64m'
	parent mvnet '*'
fi
unload
