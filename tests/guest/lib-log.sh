# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034,SC2154
#
# The kernel log, and what kmemleak has found; sourced by lib.sh.

# Patterns of lines that tell of a defect, and of lines that look like it and mean
# no harm.  Each file has one expression when it is here, see tests/vm/initramfs.sh.
SPLATS=/tests/splats.regex
HARMLESS=/tests/harmless.regex
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

# splats EXPECTED OPTION...: grep for the lines of stdin that tell of a defect,
# except harmless ones and those that match EXPECTED, unless it is empty
splats()
{
	_expected=$1
	shift
	grep -vE -f $HARMLESS ${_expected:+-e "$_expected"} |
		grep -E "$@" -f $SPLATS
}

# splat_check [REGEX_OF_EXPECTED_LINES]: the kernel log since the last one
splat_check()
{
	_log=$(log_new)
	log_mark
	# nothing at all if the patterns are missing
	if [ "$(printf '%s\n' "$_log" | splats "${1:-}" -c)" = 0 ]; then
		pass "nothing bad in the kernel log"
		return 0
	fi
	fail "nothing bad in the kernel log" \
		"$(printf '%s\n' "$_log" | splats "${1:-}" -B 3 -A 50 -m 3)"
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

# kml_report FILE: of what kmemleak has found, that which can be ours
kml_report()
{
	awk -v seen=$TEXT_SEEN -v start="$(cat $LEAKS_FROM 2>/dev/null)" \
		-f /tests/leaks.awk "$1"
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
