#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12-backports
# qemu: patched
# memory: 2048
# timeout: 600
#
# A machine with a card and a disk of class VHOST migrates between two of our QEMUs
# under traffic, back and forth, after migrations that are cancelled and that fail at
# the destination.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-root.sh
. /tests/lib-qemu.sh

# new_card, new_disk SERIAL: an instance, its UUID
new_card()
{
	_uuid=$(new_uuid)
	create_net vhost "$_uuid" && echo "$_uuid"
}

new_disk()
{
	_uuid=$(new_uuid)
	create_blk vhost file "$_uuid" || return
	put 1 "$(instance "$_uuid")/shared" &&
		put "$1" "$(instance "$_uuid")/serial" &&
		put /tmp/disk "$(instance "$_uuid")/backing" && echo "$_uuid"
}

modprobe vfio_iommu_type1
check "mvnet and mvblk can be loaded" modprobe -a mvnet mvblk || exit 1
truncate -s 16M /tmp/disk
set -- "$(new_card)" "$(new_card)" "$(new_disk same)" "$(new_disk same)" "$(new_disk other)"
check_equal "instances of mvnet and mvblk" 5 "$(instances)"
qemu_root_up
checks_of python3 /tests/root/migrate_vhost.py "$@"
qemu_instances_down
rm /tmp/disk
