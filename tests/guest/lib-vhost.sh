# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that drive an instance of mvnet with user-net, on its VFIO fd or
# its char device.

WAY=

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

# check_wrong_calls PART [chardev]: a check for each row of a table of user-neg
check_wrong_calls()
{
	user-neg "$UUID" "$@" >/tmp/neg.out 2>&1
	_rc=$?
	while read -r _line; do
		case $_line in
		"ok - "*)	pass "${_line#ok - }" ;;
		"not ok - "*)	fail "${_line#not ok - }" ;;
		*)		note "$_line" ;;
		esac
	done </tmp/neg.out
	check_equal "each wrong call of the table $1 was made" 0 $_rc
	check_equal "the instance is idle after the wrong calls of the table $1" \
		idle "$(state_of "$UUID")"
}

# user_net_start COMMAND...: user-net in the background, as $victim, until it says that it
# runs.  WAY may be --chardev.
user_net_start()
{
	# not what the last one said
	rm -f /tmp/victim.out
	# shellcheck disable=SC2086 # nothing, or an option
	user-net --uuid "$UUID" $WAY "$@" >/tmp/victim.out 2>&1 &
	victim=$!
	wait_for 30 grep -q running /tmp/victim.out
}

# user_net_stop: kill it, and wait until the device is free
user_net_stop()
{
	kill -9 "$victim"
	wait "$victim"
	wait_for 10 state_is "$UUID" idle
}

# kill_victims [COUNT]: in the middle of traffic, again and again
kill_victims()
{
	_killed=0 _behind=0 _times=${1:-20}
	for _i in $(seq "$_times"); do
		# the options differ from one to the next
		set -- --queue-size 64
		[ $((_i % 2)) = 0 ] || set -- "$@" --indirect --pieces
		[ $((_i % 3)) = 0 ] || set -- "$@" --event-idx --batch
		[ $((_i % 4)) != 0 ] || set -- "$@" --pairs 2 --v1
		if ! user_net_start victim "$@"; then
			fail "user $_i that is to be killed has traffic" "$(cat /tmp/victim.out)"
			kill -9 "$victim"
			break
		fi
		usleep $((_i * 7919 % 60000))
		user_net_stop || _behind=$((_behind + 1))
		_killed=$((_killed + 1))
		[ "$(pinned_pages)" = 0 ] || _behind=$((_behind + 1))
	done
	check_equal "all users are killed in the middle of traffic" "$_times" $_killed
	check_equal "killed users leave no busy instance and no pinned page" 0 $_behind
}

# vhost_down: when no program runs any more
vhost_down()
{
	check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
	unload
}
