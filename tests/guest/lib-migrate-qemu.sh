# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts in which machines with instances of class VFIO migrate between two QEMUs
# of Debian.  They source lib-blk.sh and lib-root.sh, too.

DIR=/tmp/migrate

# migrate_card TYPE: an instance of mvnet, its UUID
migrate_card()
{
	_uuid=$(new_uuid)
	create mvnet0-vfio "*-$1" "$_uuid" && echo "$_uuid"
}

# migrate_disk SERIAL: an instance of mvblk with the file of all, its UUID
migrate_disk()
{
	_uuid=$(new_uuid)
	create_blk vfio file "$_uuid" || return
	put 1 "$(instance "$_uuid")/shared" &&
		put "$1" "$(instance "$_uuid")/serial" &&
		put $DIR/disk "$(instance "$_uuid")/backing" && echo "$_uuid"
}

# migrate_up: CARDS and DISKS, for the two sides and one that differs each, and a
# Debian that has QEMU 10.0
migrate_up()
{
	modprobe vfio_iommu_type1
	check "mvnet and mvblk can be loaded" modprobe -a mvnet mvblk || exit 1
	mkdir -p $DIR
	truncate -s 64M $DIR/disk
	CARDS=$(migrate_card net8),$(migrate_card net8),$(migrate_card net1)
	DISKS=$(migrate_disk same),$(migrate_disk same),$(migrate_disk other)
	check_equal "instances of mvnet and mvblk" 6 "$(instances)"
	check "a Debian 12 can be mounted" root_up 12-backports || exit 1
	note "$(in_root qemu-system-x86_64 --version | head -n 1)"
}

# migrate TEST ARGUMENT...: of root/migrate.py
migrate()
{
	note "$*"
	checks_of python3 /tests/root/migrate.py "$@"
	check_equal "pages pinned" 0 "$(pinned_pages)"
}

migrate_down()
{
	root_down
	unload
	rm -rf $DIR
}
