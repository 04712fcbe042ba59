# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For scripts that have an unmodified QEMU take instances of class VFIO, by its
# -device vfio-pci.  They source lib-blk.sh and lib-root.sh, too.

# vfio_instances: one of mvnet, CARD, one of mvblk, DISK, and one of mvrng, ENTROPY
vfio_instances()
{
	modprobe vfio_iommu_type1
	check "mvnet, mvblk and mvrng can be loaded" \
		modprobe -a mvnet mvblk mvrng || exit 1
	CARD=$(new_uuid) DISK=$(new_uuid) ENTROPY=$(new_uuid)
	check "an instance of mvnet is created" create_net vfio "$CARD" || exit 1
	check "an instance of mvblk is created" \
		create_blk vfio ram64m "$DISK" || exit 1
	check "an instance of mvrng is created" \
		create mvrng0-vfio '*-rng' "$ENTROPY" || exit 1
}

# stock_root_up NAME: a Debian, with the QEMU that it has
stock_root_up()
{
	check "a Debian $1 can be mounted" root_up "$1" || exit 1
	note "$(in_root qemu-system-x86_64 --version | head -n 1)"
}

# vfio_test TEST [MORE]: of root/vfio.py, on all three
vfio_test()
{
	note "$*"
	_test=$1
	shift
	checks_of python3 /tests/root/vfio.py "$_test" \
		"$CARD" "$DISK" "$ENTROPY" "$@"
	check_equal "$_test: pages pinned" 0 "$(pinned_pages)"
}

# vfio_qtest NAME: all that can be seen without hardware, with the QEMU of that Debian
vfio_qtest()
{
	vfio_instances
	stock_root_up "$1"
	for _one in card shared map hotplug killed remove revoke; do
		vfio_test $_one
	done
	root_down
	check_equal "pages pinned in the end" 0 "$(pinned_pages)"
	unload
}
