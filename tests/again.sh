# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Which scripts of a guest are run a second time because checks of theirs failed;
# sourced by tests/check and vm/selftest.sh.
#
# On a busy machine without KVM a guest stands still for seconds at any place, and a
# script that waited for too little shows it once in a hundred runs.  Then a second
# guest, with nothing beside it, tells whether the check fails.  It says nothing
# about what the kernel itself complained of, which no delay excuses.

# more than that fail for a reason
AGAIN_MAX=3

# again_never: whether a line of stdin is a failure that counts wherever it was seen: of
# the kernel, or of what the guest is made from, which has the kernel's name
again_never()
{
	grep -qE '^([0-9.]+|debug|iommufd): |: (nothing bad in the kernel log|no memory leaked|leaves no .*|checks anything at all|the guest (hangs|dies|boots).*|the scripts from .*|comes to its end.*)$'
}

# again_scripts LOG: those whose checks failed in the output of tests/vm/run, a line
# each; nothing if they are too many, or if one failure counts in any case
again_scripts()
{
	local failures scripts

	failures=$(grep -E '^(\[[^]]*\] )?not ok - ' "$1" | sed 's/^.*not ok - //')
	! again_never <<<"$failures" || return 0
	scripts=$(cut -s -d : -f 1 <<<"$failures" | sort -u)
	[ "$(grep -c . <<<"$scripts")" -gt $AGAIN_MAX ] || echo "$scripts"
}
