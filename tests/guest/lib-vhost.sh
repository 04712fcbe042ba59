# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that drive an instance of mvnet with vmnet, on its VFIO fd or by
# its char device.

# vhost_up [PARAMETER...]: load mvnet with these, and create an instance of class
# VHOST, UUID; without it there is nothing to test
vhost_up()
{
	# no udev here that would load it
	modprobe vfio_iommu_type1
	check "mvnet can be loaded" modprobe mvnet "$@" || exit 1
	UUID=$(new_uuid)
	check "an instance of class VHOST is created" \
		create_net vhost "$UUID" || exit 1
}

# v COMMAND...: of vmnet, on the instance UUID; in the background $! is a shell
v()
{
	vmnet --uuid "$UUID" "$@"
}

# vc COMMAND...: by the char device
vc()
{
	v "$@" --chardev
}

# chardev_of UUID: the name of its char device, or nothing
chardev_of()
{
	for _d in "$(instance "$1")"/vhost-mdev/vhost-mdev-*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
		return 0
	done
}

# neg PART [chardev]: what is called wrongly, a check for each row of a table
neg()
{
	vmneg "$UUID" "$@" >/tmp/neg.out 2>&1
	_rc=$?
	while read -r _line; do
		case $_line in
		"ok - "*)	pass "${_line#ok - }" ;;
		"not ok - "*)	fail "${_line#not ok - }" ;;
		*)		note "$_line" ;;
		esac
	done </tmp/neg.out
	check_equal "$1: the table was gone through" 0 $_rc
	check_equal "$1: the state is idle again" idle "$(state_of "$UUID")"
}

# vhost_down: when no program runs any more
vhost_down()
{
	check_equal "pages pinned in the end" 0 "$(pinned_pages)"
	unload
}
