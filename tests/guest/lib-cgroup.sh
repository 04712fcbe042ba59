# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts about what is done on the account of a program's control group.

TOP=/sys/fs/cgroup
GROUP=$TOP/user

# in_group COMMAND...: as a process of the group, in place of the shell that runs this
in_group()
{
	# shellcheck disable=SC2016 # for the other shell
	exec sh -c 'echo $$ >"$0" && exec "$@"' "$GROUP/cgroup.procs" "$@"
}

# threads_named PREFIX: ids of the kernel's threads whose names begin like that
threads_named()
{
	for _t in /proc/[0-9]*; do
		case $(line_of "$_t/comm" 2>/dev/null) in
		"$1"*)	echo "${_t#/proc/}" ;;
		esac
	done
}

# check_thread_of_group WHAT TID: the thread is in the group
check_thread_of_group()
{
	check_equal "$1" "0::/user" "$(line_of "/proc/$2/cgroup")"
}
