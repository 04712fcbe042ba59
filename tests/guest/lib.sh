# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What the test scripts of this directory share.  A script NAME.sh runs in a
# guest, as root, in a directory of its own, by busybox ash:
#
#	#!/bin/sh
#	# SPDX-License-Identifier: GPL-2.0-only
#	. /tests/lib.sh
#	modprobe mvnet
#	uuid=$(new_uuid)
#	check "a type can be created" create_net virtio "$uuid"
#	...
#	unload
#
# It starts with no module of ours loaded and leaves the guest so: the runner
# looks, and reads the kernel log and, on the debug kernel, now and then what
# kmemleak has found.  A script that says exit with a status other than 0 has
# failed, too; after a check that makes the rest pointless, "exit 1".
#
# Comment lines that the runner reads in a script:
#
#	# only: debug		runs on these kernels (6.1 6.12 7.2 debug iommufd);
#	#			7.2 stands for 7.3, too
#	# slow: debug		in a quick run 6.12 has it, not the debug kernel
#	# kernels: 6.1 7.2	a quick run has it on these, too, because compat/
#	#			or the kernel's own code differs there
#	# timeout: 60		seconds (default 120; four times on debug)
#	# expect-log: REGEX	lines of the kernel log that are no splat here
#	# devices: hardware	there is an IOMMU and virtio functions on the PCI
#	#			bus, see lib-hw.sh
#	# leaks: apart		kmemleak looks before it and right after it, not
#	#			only once for all scripts of a guest

NAME=${NAME:-$(basename "$0" .sh)}
KERNEL=${KERNEL:-unknown}	# 6.1, 6.12, 7.2, 7.3 or debug
OURS=$(find "/lib/modules/$(uname -r)/updates" -name '*.ko' \
	-exec basename '{}' .ko ';' 2>/dev/null)
MDEV_BUS=/sys/class/mdev_bus
INSTANCES=/sys/bus/mdev_class/devices
# where the runner reads; file descriptor 3 of every script
[ -e /proc/self/fd/3 ] || exec 3>&1

# busybox takes its own applets before what is in the path.  These are the real
# ones; a command line of timeout, xargs or sh -c needs /bin/ip, /bin/tc.
ip()
{
	/bin/ip "$@"
}

tc()
{
	/bin/tc "$@"
}

# _result ok|"not ok" WHAT [OUTPUT]
_result()
{
	echo "$1 - $NAME: $2" >&3
	[ -z "${3:-}" ] || printf '%s\n' "$3" | tail -n 60 | sed 's/^/#   /' >&3
}

pass()
{
	_result ok "$1"
}

# fail WHAT [OUTPUT]
fail()
{
	_result "not ok" "$1" "${2:-}"
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
		fail "$_what" "lib.sh knows no $_errno"
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

# type_dir PORT TYPE_GLOB: the directory of the only type that matches
type_dir()
{
	# shellcheck disable=SC2086 # a pattern
	set -- "$MDEV_BUS/$1"/mdev_supported_types/$2
	if [ $# != 1 ] || [ ! -d "$1" ]; then
		echo "no such type, or not one only: $*" >&2
		return 1
	fi
	echo "$1"
}

# create PORT TYPE_GLOB UUID
create()
{
	_dir=$(type_dir "$1" "$2") || return 1
	put "$3" "$_dir/create"
}

# create_net virtio|vhost UUID: an instance of mvnet's type with eight pairs
create_net()
{
	create "mvnet0-$1" '*-net8' "$2"
}

# create_net1 virtio|vhost UUID: an instance of mvnet's type with one pair
create_net1()
{
	create "mvnet0-$1" '*-net1' "$2"
}

# remove_mdev UUID
remove_mdev()
{
	put 1 "/sys/bus/mdev/devices/$1/remove"
}

# instance UUID: its directory
instance()
{
	echo "$INSTANCES/$1"
}

# state_of UUID
state_of()
{
	line_of "$INSTANCES/$1/state"
}

# state_is UUID STATE: for wait_for
state_is()
{
	[ "$(state_of "$1")" = "$2" ]
}

# driver_of UUID: the class driver that is bound, or nothing
driver_of()
{
	[ -L "$INSTANCES/$1/driver" ] || return 0
	basename "$(readlink "$INSTANCES/$1/driver")"
}

# rebind UUID DRIVER: have the bus look for a driver, which may be this one only
rebind()
{
	[ -z "$(driver_of "$1")" ] ||
		put "$1" "$INSTANCES/$1/driver/unbind" || return 1
	put "$2" "$INSTANCES/$1/driver_override" || return 1
	put "$1" /sys/bus/mdev_class/drivers_probe || return 1
	# also without a driver of that name, of which the bus says nothing
	[ "$(driver_of "$1")" = "$2" ]
}

# virtio_of UUID: the virtio device of the instance, "virtio0" perhaps
virtio_of()
{
	for _d in "$INSTANCES/$1"/virtio[0-9]*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
		return 0
	done
}

# netdev_of UUID: the name of the net device
netdev_of()
{
	for _d in "$INSTANCES/$1"/virtio[0-9]*/net/* "$INSTANCES/$1"/net/*; do
		[ -d "$_d" ] || continue
		basename "$_d"
		return 0
	done
	return 1
}

# count FILE...: how many of them are there
count()
{
	[ -e "$1" ] || set --
	echo $#
}

# instances: how many there are
instances()
{
	count "$INSTANCES"/*
}

loaded()
{
	[ -d "/sys/module/$1" ]
}

# how many pages are pinned for long in this moment, by anybody
pinned_pages()
{
	# adds up what each CPU counted for itself
	cat /proc/sys/vm/stat_refresh
	awk '$1 == "nr_foll_pin_acquired" { a = $2 }
	     $1 == "nr_foll_pin_released" { r = $2 }
	     END { print a - r }' /proc/vmstat
}

# remove all instances and unload our modules; a failure is reported
unload()
{
	text_note
	for _d in /sys/bus/mdev/devices/*; do
		[ -d "$_d" ] || continue
		put 1 "$_d/remove" ||
			fail "instance $(basename "$_d") can be removed at the end"
	done
	# in whatever order it takes
	_again=1
	while [ -n "$_again" ]; do
		_again=
		for _m in $OURS; do
			! loaded "$_m" || ! rmmod "$_m" 2>/dev/null || _again=1
		done
	done
	for _m in $OURS; do
		loaded "$_m" || continue
		fail "$_m can be unloaded at the end" "$(rmmod "$_m" 2>&1)
$(lsmod)"
	done
	# what came with them; others may use it, so in silence
	for _m in virtio_net net_failover failover virtio_rng virtio_blk \
		  vfio_iommu_type1 mdev; do
		rmmod "$_m" 2>/dev/null
	done
	return 0
}

# --- the kernel log --------------------------------------------------------

SPLATS='BUG:|BUG at |WARNING:|Oops|Kernel panic|KASAN|UBSAN|kmemleak: |general protection|Call Trace:|possible (circular|recursive) lock|INFO: (rcu|task|possible|trying)|inconsistent lock|suspicious RCU|refcount_t:|blocked for more than|scheduling while atomic|sleeping function|stack-protector|list_(add|del) corruption|ODEBUG|DEBUG_LOCKS|bad unlock|DMA-API|Bad page|unregister_netdevice: waiting|kobject: .*(tried to|does not have)|sysfs: cannot create duplicate|soft lockup|hard LOCKUP|RTNL: assertion|workqueue lockup|NETDEV WATCHDOG|(transmit|page allocation) (timed|failure|stall)'
# what kernels say without meaning harm: taint by modules built out of tree,
# how many leaks there are for leak_check to look at, and the allocation
# failures that failslab was asked for
HARMLESS='loading out-of-tree module taints|module verification failed|kmemleak: (Kernel memory leak detector|Automatic|Object|[0-9]+ new suspected)|UBSAN: .*(enabled|disabled)|KernelAddressSanitizer init|FAULT_INJECTION'
LOG_SEEN=/run/log-seen

# log_new: lines of the kernel log since the last splat_check
log_new()
{
	dmesg | tail -n +$(($(cat $LOG_SEEN 2>/dev/null || echo 0) + 1))
}

# log_mark: forget what the kernel log has so far
log_mark()
{
	dmesg | wc -l >$LOG_SEEN
}

# log_has REGEX: the kernel log since the last splat_check
log_has()
{
	log_new | grep -E "$1"
}

# check_log WHAT REGEX: the kernel log since the last splat_check has it
check_log()
{
	check "$1" log_has "$2"
}

# splat_check [REGEX_OF_EXPECTED_LINES]: the kernel log since the last one
splat_check()
{
	_log=$(log_new)
	log_mark
	_bad=$(printf '%s\n' "$_log" |
		grep -vE "$HARMLESS${1:+|$1}" | grep -cE "$SPLATS")
	if [ "$_bad" = 0 ]; then
		pass "nothing bad in the kernel log"
		return 0
	fi
	fail "nothing bad in the kernel log" "$(printf '%s\n' "$_log" |
		grep -vE "$HARMLESS${1:+|$1}" | grep -E -B 3 -A 50 -m 3 "$SPLATS")"
	return 1
}

# text_note: remember where virtio_net and our modules are, and until when, for
# leak_check, when they are gone and their symbols with them
TEXT_SEEN=/run/text-seen

text_note()
{
	[ -w /sys/kernel/debug/kmemleak ] || return 0
	_now=$(jiffies)
	while read -r _mod _size _ _ _ _at _; do
		case " $(echo "$OURS" | tr '\n' ' ') virtio_net " in
		*" $_mod "*) printf '%s %s 0x%x %s\n' "$_mod" "$_at" \
			$((_at + _size)) "$_now" ;;
		esac
	done </proc/modules >>$TEXT_SEEN
}

jiffies()
{
	sed -n '/^jiffies: /{ s///p; q }' /proc/timer_list
}

# leaks_count_from_now: what the kernel leaked while it booted is its own affair
LEAKS_FROM=/run/leaks-from

leaks_count_from_now()
{
	jiffies >$LEAKS_FROM
}

# kml_report FILE: of what kmemleak has found, that which can be ours.  When a
# probe of virtio_net fails, for what we did not give it, 6.12 keeps its rss_hdr
# and the maps for XPS.  So what virtio_net's probe allocated does not count, if
# none of our modules is on the way there.  Nor does a frame (sk_buff) that was
# allocated with none of ours on the way: no module of ours ever has one.  It may be
# an earlier script's: a scan overlooks what an old pointer on a stack leads to.
kml_report()
{
	awk -v seen=$TEXT_SEEN -v start="$(cat $LEAKS_FROM 2>/dev/null)" '
	BEGIN {
		while ((getline line <seen) > 0) {
			split(line, part, " ")
			name[++n] = part[1]
			from[n] = part[2]
			to[n] = part[3]
			until[n] = part[4]
		}
	}
	# is the frame in virtio_net, or else in one of ours?  Addresses are of
	# equal length, so they compare as text; other modules were there later.
	function within(frame, theirs,	 i)
	{
		if (frame ~ /\[/)
			return theirs == (frame ~ /\[virtio_net\]/)
		for (i = 1; i <= n; i++)
			if (until[i] >= born && frame "" >= from[i] "" &&
			    frame "" < to[i] "")
				return theirs == (name[i] == "virtio_net")
		return 0
	}
	function harmless(  i, skb)
	{
		if (born != "" && born < start + 0)
			return 1
		for (i = 1; i <= frames && frame[i] !~ /^virtio_dev_probe[.+]/; i++) {
			if (within(frame[i], 0))
				return 0
			if (frame[i] ~ /^(__alloc_skb|__build_skb|build_skb|napi_build_skb|skb_clone)[.+]/)
				skb = 1
		}
		return skb || (i > 1 && i <= frames && within(frame[i - 1], 1))
	}
	function tell()
	{
		if (text != "" && !harmless())
			printf "%s", text
	}
	/^unreferenced object/ { tell(); text = born = ""; frames = -1 }
	/ jiffies [0-9]+/ { born = $NF + 0 }
	frames >= 0 { sub(/^ */, ""); frame[++frames] = $0; $0 = "    " $0 }
	/^ *backtrace/ { frames = 0 }
	{ text = text $0 "\n" }
	END { tell() }' "$1"
}

# leak_check: what kmemleak knows now that scripts have cleaned up
leak_check()
{
	_kml=/sys/kernel/debug/kmemleak
	[ -w $_kml ] || return 0
	# an object counts after five seconds, and if it has not changed since
	# the scan before
	sleep 6
	echo scan >$_kml
	echo scan >$_kml
	_out=$(kml_report $_kml)
	if [ -n "$_out" ]; then
		# what is pointed to only from a stack for a moment is found
		sleep 2
		echo scan >$_kml
		_out=$(kml_report $_kml)
	fi
	echo clear >$_kml
	if [ -z "$_out" ]; then
		pass "no memory leaked"
		return 0
	fi
	fail "no memory leaked" "$_out"
	return 1
}
