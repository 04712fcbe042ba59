# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# Programs that use an instance of class VHOST, UUID: run in the background, watched
# and killed.  Sourced by lib-vhost.sh and lib-hw.sh, whose programs differ.

# an option that they are started with: nothing, or --chardev
WAY=

# user_start PROGRAM COMMAND...: as $victim, until it says that it runs
user_start()
{
	_program=$1
	shift
	# not what the last one said
	rm -f /tmp/victim.out
	# shellcheck disable=SC2086 # nothing, or an option
	"$_program" --uuid "$UUID" $WAY "$@" >/tmp/victim.out 2>&1 &
	victim=$!
	wait_for 60 grep -q running /tmp/victim.out
}

# process_ended PID: it has closed its files.  For wait_for, and for what check() calls,
# which is a shell of its own and cannot use wait for processes of the script.
process_ended()
{
	! grep -qs "^State:.[^Z]" "/proc/$1/task/"*/status
}

# user_kill: kill it, and wait until the device is free
user_kill()
{
	kill -9 "$victim"
	# The device is idle a moment before the last page is unpinned.
	wait_for 10 process_ended "$victim" &&
		wait_for 10 state_is "$UUID" idle
}

# check_ended WHAT PID OUTPUT: a program ends by itself, and has found no fault
check_ended()
{
	wait "$2"
	_rc=$?
	if [ $_rc = 0 ]; then
		pass "$1"
		return 0
	fi
	fail "$1" "exit status $_rc
$(cat "$3")"
	return 1
}

# kill_users PROGRAM TIMES OPTIONS: in the middle of traffic, again and again; the
# function OPTIONS leaves in $options those of the user with a number
kill_users()
{
	_killed=0 _behind=0
	for _i in $(seq "$2"); do
		"$3" "$_i"
		# shellcheck disable=SC2086 # a list
		if ! user_start "$1" victim $options; then
			fail "user $_i that is to be killed has traffic" \
				"$(cat /tmp/victim.out)"
			kill -9 "$victim"
			break
		fi
		usleep $((_i * 7919 % 60000))
		user_kill || _behind=$((_behind + 1))
		_killed=$((_killed + 1))
		[ "$(pinned_pages)" = 0 ] || _behind=$((_behind + 1))
	done
	check_equal "all users are killed in the middle of traffic" "$2" $_killed
	check_equal "killed users leave no busy instance and no pinned page" 0 $_behind
}
