# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that drive an instance of mvnet with user-net, on its VFIO fd or
# its char device.
. /tests/lib-user.sh

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

# user_net COMMAND...: of user-net, on the instance UUID; in the background $! is a shell
user_net()
{
	user-net --uuid "$UUID" "$@"
}

# user_net_chardev COMMAND...: through the char device
user_net_chardev()
{
	user_net "$@" --chardev
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

# check_rows PART COMMAND...: a check for each row of the table that a program prints
check_rows()
{
	_part=$1
	shift
	"$@" >/tmp/neg.out 2>&1
	_rc=$?
	while read -r _line; do
		case $_line in
		"ok - "*)	pass "${_line#ok - }" ;;
		"not ok - "*)	fail "${_line#not ok - }" ;;
		*)		note "$_line" ;;
		esac
	done </tmp/neg.out
	check_equal "each wrong call of the table $_part was made" 0 $_rc
}

# check_wrong_calls PART [chardev]: a table of user-neg
check_wrong_calls()
{
	check_rows "$1" user-neg "$UUID" "$@"
	check_equal "the instance is idle after the wrong calls of the table $1" \
		idle "$(state_of "$UUID")"
}

# net_options N: what the user with that number is started with
net_options()
{
	options="--queue-size 64"
	[ $(($1 % 2)) = 0 ] || options="$options --indirect --pieces"
	[ $(($1 % 3)) = 0 ] || options="$options --event-idx --batch"
	[ $(($1 % 4)) != 0 ] || options="$options --pairs 2 --v1"
}

# vhost_down: when no program runs any more
vhost_down()
{
	check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
	unload
}
