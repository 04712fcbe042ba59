# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the checks on the host have in common; sourced by them.

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failures=0
cd "$top" || exit 1

. "$top/tests/report.sh"

# result WHAT [PROBLEMS]: passed if there are none
result()
{
	if [ -z "${2:-}" ]; then
		report_ok host "$1"
		return 0
	fi
	report_not_ok host "$1" "$2"
	# shellcheck disable=SC2034 # for the checks
	failures=1
}

# check WHAT COMMAND...
check()
{
	local what=$1 status
	shift
	if "$@" >"$tmp/out" 2>&1; then
		result "$what"
	else
		status=$?
		result "$what" "$(head -n 60 "$tmp/out")
exit status $status"
	fi
}

# skip WHAT WHY: this machine cannot have it checked
skip()
{
	report_skip host "$1" "$2"
}

# sources PATTERN...: the project's own files of these names, one a line
sources()
{
	local args=() pattern
	for pattern; do
		args+=(-o -name "$pattern")
	done
	find . \( -name .git -o -name generated -o -name '.tmp_*' \) -prune -o \
		-type f ! -name '*.mod.c' \( "${args[@]:1}" \) -print |
		sed 's,^\./,,' | sort
}
