# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For scripts that run the QEMU which qemu/build makes, in a Debian 12 with
# backports.  They say
#
#	# qemu: patched
#
# beside what lib-root.sh wants.

# qemu_root_up: Debian, with that QEMU in the place of its own
qemu_root_up()
{
	check "a Debian 12 can be mounted" root_up 12-backports || exit 1
	mkdir -p /mnt/qemu
	check "the patched QEMU can be mounted" share_mount qemu /mnt/qemu || exit 1
	mount --bind /mnt/qemu/qemu-system-x86_64 \
		"$ROOT/usr/bin/qemu-system-x86_64"
	note "$(in_root qemu-system-x86_64 --version | head -n 1)"
}

qemu_root_down()
{
	umount "$ROOT/usr/bin/qemu-system-x86_64" 2>/dev/null
	umount /mnt/qemu
	root_down
}

# qemu_idle WHAT: nothing of a QEMU is left
qemu_idle()
{
	check_equal "the instance is idle after QEMU's end, $1" idle "$(state_of "$UUID")"
	check_equal "no page is pinned after QEMU's end, $1" 0 "$(pinned_pages)"
}

# qemu_instances: one of mvnet, CARD, and one of mvblk, DISK
qemu_instances()
{
	modprobe vfio_iommu_type1
	check "mvnet and mvblk can be loaded" modprobe -a mvnet mvblk || exit 1
	CARD=$(new_uuid) DISK=$(new_uuid)
	check "an instance of mvnet is created" create_net vhost "$CARD" || exit 1
	check "an instance of mvblk is created" \
		create_blk vhost ram64m "$DISK" || exit 1
}

# qemu_test [--chardev] TEST [MORE]: of root/mdev.py, on both
qemu_test()
{
	note "$*"
	_by=
	if [ "$1" = --chardev ]; then
		_by=$1
		shift
	fi
	_test=$1
	shift
	# shellcheck disable=SC2086 # nothing, or an option
	checks_of python3 /tests/root/mdev.py $_by "$_test" "$CARD" "$DISK" "$@"
	check_equal "no page is pinned after QEMU's end, $_test" 0 "$(pinned_pages)"
}

qemu_instances_down()
{
	qemu_root_down
	check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
	unload
}

# qemu_tests TEST...: of root/mdev.py, and nothing else
qemu_tests()
{
	qemu_instances
	qemu_root_up
	for _one; do
		qemu_test "$_one"
	done
	qemu_instances_down
}
