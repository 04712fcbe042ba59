# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts in which one instance of class VFIO migrates to another one of the same
# host.  Wants lib-vhost.sh, lib-vfio.sh and lib-blk.sh, too.

# migrate_pair net1|net8: two instances of mvnet, UUID and OTHER
migrate_pair()
{
	UUID=$(new_uuid) OTHER=$(new_uuid)
	for _u in "$UUID" "$OTHER"; do
		check "an instance of $1 is created" \
			create mvnet0-vfio "*-$1" "$_u" || exit 1
	done
}

# migrate_unpair: remove both
migrate_unpair()
{
	check "the source can be removed" remove_mdev "$UUID"
	check "the destination can be removed" remove_mdev "$OTHER"
}

# migrate COMMAND...: of user-pci, from UUID to OTHER
migrate()
{
	_command=$1
	shift
	user_pci "mig-$_command" --to "$OTHER" "$@"
}

# migrate_disks FILE: two disks on that file, UUID and OTHER
migrate_disks()
{
	UUID=$(new_uuid) OTHER=$(new_uuid)
	for _u in "$UUID" "$OTHER"; do
		check "a disk of class VFIO is created" create_blk vfio file "$_u"
		check "the disk can be one of two with a file" \
			put 1 "$(instance "$_u")/shared"
		check "the disk gets the serial number of both" \
			put migrate0 "$(instance "$_u")/serial"
		check "the disk gets the file of both" \
			put "$1" "$(instance "$_u")/backing"
	done
}
