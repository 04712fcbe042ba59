#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 120
#
# Doorbells that are mapped into the user's memory.
. /tests/lib.sh

modprobe vfio_iommu_type1
check "mvnet with doorbells can be loaded" modprobe mvnet doorbell=1 || exit 1
uuid=$(new_uuid)
check "an instance is created" create_net vhost "$uuid" || exit 1
check "doorbells" vmnet --uuid "$uuid" doorbell --frames 1000
check "doorbells, event index" \
	vmnet --uuid "$uuid" doorbell --frames 1000 --event-idx --indirect
check "eventfds work as well" vmnet --uuid "$uuid" traffic
check_equal "pages pinned in the end" 0 "$(pinned_pages)"
unload
