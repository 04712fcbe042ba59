# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# Checks, and how they say what became of them; sourced by lib.sh.

# pass WHAT
pass()
{
	report_ok "$NAME" "$1" >&3
}

# fail WHAT [OUTPUT]
fail()
{
	report_not_ok "$NAME" "$1" \
		"$([ -z "${2:-}" ] || printf '%s\n' "$2" | tail -n 60)" >&3
}

# skip WHAT WHY: this kernel or this machine cannot have it checked
skip()
{
	report_skip "$NAME" "$1" "$2" >&3
}

# note TEXT: a comment in the results
note()
{
	echo "# $NAME: $*" >&3
}

# check WHAT COMMAND...: the command must succeed.  It runs in a subshell if it
# is a function, so it cannot set variables.  Returns the command's result.
check()
{
	_what=$1
	shift
	_out=$("$@" 2>&1)
	_rc=$?
	if [ $_rc = 0 ]; then
		pass "$_what"
	else
		fail "$_what" "\$ $*
$_out
exit status $_rc"
	fi
	return $_rc
}

# check_not WHAT COMMAND...: the command must fail, and not by a signal
check_not()
{
	_what=$1
	shift
	_out=$("$@" 2>&1)
	_rc=$?
	if [ $_rc != 0 ] && [ $_rc -lt 126 ]; then
		pass "$_what"
		return 0
	fi
	fail "$_what" "\$ $*
$_out
exit status $_rc, expected a failure"
	return 1
}

# the text that strerror() has for an errno
_errno_text()
{
	case $1 in
	EPERM)		echo "Operation not permitted" ;;
	ENOENT)		echo "No such file or directory" ;;
	EIO)		echo "Input/output error|I/O error" ;;
	ENXIO)		echo "No such device or address" ;;
	E2BIG)		echo "Argument list too long" ;;
	EBADF)		echo "Bad file descriptor" ;;
	EAGAIN)		echo "Resource temporarily unavailable" ;;
	ENOMEM)		echo "Cannot allocate memory|Out of memory" ;;
	EACCES)		echo "Permission denied" ;;
	EFAULT)		echo "Bad address" ;;
	EBUSY)		echo "Device or resource busy|Resource busy" ;;
	EEXIST)		echo "File exists" ;;
	ENODEV)		echo "No such device" ;;
	ENOTDIR)	echo "Not a directory" ;;
	EISDIR)		echo "Is a directory" ;;
	EINVAL)		echo "Invalid argument" ;;
	ENOTTY)		echo "Inappropriate ioctl for device|Not a tty" ;;
	EFBIG)		echo "File too large" ;;
	ENOSPC)		echo "No space left on device" ;;
	EPIPE)		echo "Broken pipe" ;;
	ERANGE)		echo "Numerical result out of range|Result not representable" ;;
	EOVERFLOW)	echo "Value too large for defined data type" ;;
	EOPNOTSUPP)	echo "Operation not supported|Not supported" ;;
	ETIMEDOUT)	echo "Connection timed out|Operation timed out" ;;
	EUSERS)		echo "Too many users" ;;
	*)		return 1 ;;
	esac
}

# check_errno WHAT ERRNO COMMAND...: the command must fail, and its output must
# have the errno's name or text
check_errno()
{
	_what=$1
	_errno=$2
	shift 2
	if ! _text=$(_errno_text "$_errno"); then
		fail "$_what" "lib-check.sh knows no $_errno"
		return 1
	fi
	_out=$("$@" 2>&1)
	_rc=$?
	if [ $_rc != 0 ] && [ $_rc -lt 126 ] &&
	   printf '%s\n' "$_out" | grep -qE "(^|[^A-Z])$_errno([^A-Z]|\$)|($_text)"; then
		pass "$_what"
		return 0
	fi
	fail "$_what" "\$ $*
$_out
exit status $_rc, expected a failure with $_errno"
	return 1
}

# check_equal WHAT EXPECTED GOT
check_equal()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
		return 0
	fi
	fail "$1" "expected '$2', got '$3'"
	return 1
}

# wait_for SECONDS COMMAND...: until the command succeeds.  Generous: guests
# are slow, and more so on the debug kernel.
wait_for()
{
	_left=$(($1 * 5))
	[ "$KERNEL" != debug ] || _left=$((_left * 4))
	shift
	while ! "$@" >/dev/null 2>&1; do
		_left=$((_left - 1))
		[ $_left -gt 0 ] || return 1
		usleep 200000
	done
}

# put TEXT FILE: write one line in one write(); says what went wrong, which
# busybox does for echo and not for printf
put()
{
	echo "$1" >"$2"
}

# line_of FILE: its first line; on the debug kernel a process, for cat, takes long
line_of()
{
	IFS= read -r _line <"$1" && echo "$_line"
}

new_uuid()
{
	line_of /proc/sys/kernel/random/uuid
}
