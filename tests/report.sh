# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# How scripts say what became of a check, on the host and in guests; sourced by
# them.  A line each, in the form of KTAP without the numbers, which whoever
# collects the lines adds:
#
#	ok - WHERE: WHAT
#	ok - WHERE: WHAT # SKIP WHY
#	not ok - WHERE: WHAT
#
# and after the last kind what explains it, behind "#   ".

# report_ok WHERE WHAT
report_ok()
{
	echo "ok - $1: $2"
}

# report_skip WHERE WHAT WHY: it could not be checked
report_skip()
{
	echo "ok - $1: $2 # SKIP $3"
}

# report_not_ok WHERE WHAT [OUTPUT]
report_not_ok()
{
	echo "not ok - $1: $2"
	[ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/#   /'
}
