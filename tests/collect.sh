# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# How those that run checks collect what these say, in the form of report.sh; sourced
# by them.  Each result is counted and goes to a file in the form of KTAP: with the
# version, a number for each, the plan.

# shellcheck source=tests/report.sh
. "${BASH_SOURCE[0]%/*}/report.sh"

# collect_begin FILE: there are no results yet
collect_begin()
{
	passed=0 failed=0 skipped=0
	tap=$1
	mkdir -p "$(dirname "$tap")"
	echo "KTAP version 1" >"$tap"
}

# collect_line LINE: a result, or what belongs to the one before
collect_line()
{
	case $1 in
	"ok - "*" # SKIP "*)	skipped=$((skipped + 1)) ;;
	"ok - "*)		passed=$((passed + 1)) ;;
	"not ok - "*)		failed=$((failed + 1)) ;;
	"#"*)			echo "$1" >>"$tap"; return ;;
	*)			echo "# $1" >>"$tap"; return ;;
	esac
	echo "${1%%" - "*} $((passed + failed + skipped)) - ${1#*" - "}" >>"$tap"
}

# collect LINE: the same, and print it
collect()
{
	collect_line "$1"
	echo "$1"
}

# collect_from WHERE COMMAND...: all that a command says.  One that ends early must
# not look well.
collect_from()
{
	local where=$1 rc line before=$((passed + failed + skipped)) failed_before=$failed
	shift
	while IFS= read -r line; do
		case $line in
		"=rc "*)	rc=${line#=rc } ;;
		*)		collect "$line" ;;
		esac
	done < <("$@" 2>&1 </dev/null; echo "=rc $?")
	if [ $((passed + failed + skipped)) = $before ] ||
	   { [ "$rc" != 0 ] && [ "$failed" = "$failed_before" ]; }; then
		collect "$(report_not_ok "$where" \
			"${1##*/} comes to its end, exit status $rc")"
	fi
}

# collect_end [PREFIX]: the plan, and the line that ends every run
collect_end()
{
	echo "1..$((passed + failed + skipped))" >>"$tap"
	[ "$skipped" = 0 ] || echo "${1:-}# $skipped skipped"
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
