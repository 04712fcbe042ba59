#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A test of the test runner: what fails must be reported as failed, and the
# scripts after a guest that died must run all the same.
set -u
here=$(cd "$(dirname "$0")" && pwd)
kernel=${1:-6.12}
. "$here/../collect.sh"

out=$(RUN_SILENCE=25 "$here/run" --kernel "$kernel" --tests "$here/selftest")
rc=$?
collect_begin "${VIRTIO_MDEV_CACHE:-$HOME/.cache/virtio-mdev}/results/selftest.tap"

# verdict WHAT COMMAND...
verdict()
{
	local what=$1 log line
	shift
	if log=$("$@" 2>&1); then
		log=$(report_ok selftest "$what")
	else
		log=$(report_not_ok selftest "$what" "$log")
	fi
	while IFS= read -r line; do
		collect "$line"
	done <<<"$log"
}

results()
{
	printf '%s\n' "$out" |
		sed -n "s/^\[$kernel\] \(ok - .*\|not ok - .*\)/\1/p"
}

verdict "the runner reports each failure, and nothing else" \
	diff -u "$here/selftest/expected" <(results)
verdict "the runner's exit status tells of failures" test $rc = 1
verdict "the runner's last line has the numbers, without what was skipped" \
	test "$(printf '%s\n' "$out" | tail -n 1)" = \
	"$(grep '^ok' "$here/selftest/expected" | grep -vc ' # SKIP ') passed, $(grep -c '^not ok' "$here/selftest/expected") failed"

# ktap: the file of results has all of them, numbered, and a plan
ktap()
{
	local dir
	dir=$(sed -n "s/^\[$kernel\] # results and kernel log: //p" <<<"$out")
	diff -u - <(sed '/^#/d; s/^\(ok\|not ok\) \([0-9]*\) - .*/\1 \2/' "$dir/tap") <<-EOF
	KTAP version 1
	$(sed 's/ - .*//' "$here/selftest/expected" | nl -ba -w 1 -s ' ' |
		sed 's/^\([0-9]*\) \(.*\)/\2 \1/')
	1..$(grep -c . "$here/selftest/expected")
	EOF
}
verdict "the file of a guest's results is KTAP" ktap
verdict "a panic's kernel log is shown" grep -q "sysrq: Trigger a crash\|sysrq triggered crash" <<<"$out"
out=$("$here/run" --kernel "$kernel" --tests "$here/selftest" 10-passes)
rc=$?
verdict "a run without failures succeeds" test $rc = 0
"$here/run" --kernel "$kernel" no-such-script >/dev/null 2>&1
rc=$?
verdict "a script that is not there is an error" test $rc = 2

# --- which scripts are run a second time --------------------------------------

. "$here/../again.sh"

# again_of LINE...: of a run in which these failed
again_of()
{
	printf '[6.12] not ok - %s\n#   expected 0\n' "$@" |
		again_scripts /dev/stdin | paste -sd ' '
}
verdict "scripts whose checks failed are run again" \
	test "$(again_of "one: a" "two: b" "one: c: d")" = "one two"
verdict "a failure that the kernel reports is not tried again" \
	test -z "$(again_of "one: a" "two: nothing bad in the kernel log")"
verdict "a guest that died is not tried again" \
	test -z "$(again_of "one: the guest dies")"
verdict "nothing is run again where no guest could be made" \
	test -z "$(again_of "7.3: kernel, modules and programs can be built")"
verdict "many scripts are not run again" \
	test -z "$(again_of "one: a" "two: b" "three: c" "four: d")"
verdict "no script is run again where none failed" \
	test -z "$(echo "[6.12] one: 3 checks" | again_scripts /dev/stdin)"

# --- which scripts a quick run has --------------------------------------------

marked=$(mktemp -d) || exit 2
trap 'rm -rf "$marked"' EXIT
echo >"$marked/plain.sh"
echo "# slow: debug" >"$marked/slow.sh"
echo "# only: 6.1" >"$marked/only.sh"
echo "# kernels: 6.1 7.2" >"$marked/compat.sh"
echo "# nested: yes" >"$marked/nested.sh"

# listed OPTION...: what each kernel has
listed()
{
	local k
	for k in debug iommufd 6.12 6.1 7.2 7.3; do
		# shellcheck disable=SC2046 # one line of all names
		echo "$k:" $("$here/run" --kernel $k --list "$@")
	done
}

verdict "a quick run has scripts where they say, on debug if they say nothing" \
	diff -u - <(listed --tests "$marked" --quick) <<-EOF
	debug: compat plain
	iommufd:
	6.12: slow
	6.1: compat only
	7.2: compat
	7.3: compat
	EOF

# everywhere [--quick]: which scripts of ours run at all
everywhere()
{
	local group
	for group in "" --hardware --clients --qemu; do
		listed $group "$@"
	done | sed 's/^[^ ]* *//' | tr ' ' '\n' | sort -u
}

# shellcheck disable=SC2046 # names have no blanks
verdict "a quick run has all scripts but guests in guests and those that take long" \
	diff -u <(cd "$here/../guest" && grep -LE '^# (nested|long): yes' \
		$(everywhere | sed '/./s/$/.sh/') | sed 's/\.sh$//') \
	<(everywhere --quick | grep .)

# --- which results of earlier runs stay --------------------------------------------

old=$marked/results
mkdir -p "$old"
# a run of each hour, finished except those of the last and of the first two hours
for hour in $(seq -w 1 15); do
	dir=$old/6.1.${hour}0000.1
	mkdir "$dir"
	touch "$dir/tap"
	case $hour in
	01|02|15) ;;
	*) touch "$dir/done" ;;
	esac
	touch -d "-$((20 - 10#$hour)) hours" "$dir"
done
touch -d "-2 days" "$old/6.1.010000.1"
mkdir "$old/6.12.000000.1"
touch -d "-3 days" "$old/6.12.000000.1"

verdict "of finished runs the last ten stay, and what may be in progress" \
	diff -u - <("$here/old-results" "$old" 6.1 | sort) <<-EOF
	$old/6.1.010000.1
	$old/6.1.030000.1
	$old/6.1.040000.1
	EOF

collect_end
