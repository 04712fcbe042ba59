# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154
#
# For scripts in which testpmd of Debian 12's DPDK drives the char device $node.  They
# source lib-root.sh, too, and say "# root: 12".

# testpmd_up: the root, with huge pages
testpmd_up()
{
	check "a Debian 12 can be mounted" root_up 12 || exit 1
	check "huge pages can be asked for" put 128 /proc/sys/vm/nr_hugepages
	check_equal "the kernel has all huge pages that were asked for" \
		128 "$(cat /proc/sys/vm/nr_hugepages)"
	mkdir -p "$ROOT/dev/hugepages"
	mount -t hugetlbfs huge "$ROOT/dev/hugepages"
}

testpmd_down()
{
	umount "$ROOT/dev/hugepages"
	put 0 /proc/sys/vm/nr_hugepages
	root_down
}

# pmd_has PATTERN [COUNT]: in its output, for wait_for
pmd_has()
{
	[ "$(grep -c "$1" pmd.out)" -ge "${2:-1}" ]
}

# testpmd_begin WHAT DEVICE_OPTION...: start it; commands for it go to fd 4
testpmd_begin()
{
	rm -f pmd.in pmd.out
	mkfifo pmd.in
	in_root node="$node" options="$2" stdbuf -oL \
		sh /tests/root/testpmd.sh <pmd.in >pmd.out 2>&1 &
	_pmd=$!
	exec 4>pmd.in
	check "testpmd starts, $1" wait_for 60 pmd_has 'testpmd> ' || {
		fail "testpmd comes to its prompt, $1" "$(cat pmd.out)"
		exec 4>&-
		return 1
	}
}

# testpmd_end WHAT
testpmd_end()
{
	echo "quit" >&4
	exec 4>&-
	wait "$_pmd"
	check_equal "testpmd quits with status 0, $1" 0 $?
}
