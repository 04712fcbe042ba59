#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# root: 12
# memory: 2048
# timeout: 600
#
# DPDK of Debian 12, unmodified, on the char device: testpmd forwards what comes
# back to it.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-root.sh
. /tests/lib-testpmd.sh

FRAMES=1000000
# frames that go round
ROUND=256

vhost_up
node=/dev/$(chardev_of "$UUID")
testpmd_up

# pmd_stat NAME: of the port's counters, as last printed
pmd_stat()
{
	sed -n "s/.* $1: *\([0-9]*\).*/\1/p" pmd.out | tail -n 1
}

# pmd_stats: have the counters printed
shown=0
pmd_stats()
{
	shown=$((shown + 1))
	echo "show port stats 0" >&4
	wait_for 20 pmd_has 'Tx-pps' $shown
}

# enough SECONDS: until the frames have gone round
enough()
{
	_until=$(($(cut -d. -f1 /proc/uptime) + $1))
	while pmd_stats && [ "$(cut -d. -f1 /proc/uptime)" -lt $_until ]; do
		[ "$(pmd_stat TX-packets)" -lt $FRAMES ] || return 0
		sleep 1
	done
	return 1
}

# check_testpmd WHAT DEVICE_OPTION...
check_testpmd()
{
	what=$1 shown=0
	testpmd_begin "$what" "$2" || return
	if grep -q 'No probed ethernet devices' pmd.out; then
		fail "testpmd has a port, $what" "$(cat pmd.out)"
		echo "quit" >&4
		exec 4>&-
		wait $_pmd
		return
	fi
	echo "set fwd io" >&4
	echo "start tx_first $((ROUND / 32))" >&4
	if enough 200; then
		pass "$FRAMES frames go around, $what"
	else
		fail "$FRAMES frames go around, $what" "$(tail -n 40 pmd.out)"
	fi
	echo "stop" >&4
	wait_for 20 pmd_has 'Accumulated forward' 1
	# what is still under way comes in now, and goes nowhere
	echo "set fwd rxonly" >&4
	echo "start" >&4
	sleep 2
	echo "stop" >&4
	wait_for 20 pmd_has 'Accumulated forward' 2
	pmd_stats
	note "$what: $(pmd_stat TX-packets) frames"
	check_equal "each frame that was sent comes back, $what" \
		"$(pmd_stat TX-packets)" "$(pmd_stat RX-packets)"
	check_equal "testpmd counts no error, $what" "0 0 0" \
		"$(pmd_stat RX-errors) $(pmd_stat TX-errors) $(pmd_stat RX-nombuf)"
	testpmd_end "$what"
	# testpmd itself warns of this and that
	check_equal "DPDK's driver reports no error, $what" "" \
		"$(grep -iE '^(EAL|[a-z_]+\(\)): .*(error|fail|cannot)' pmd.out)"
	sed "s/^/$what: /" pmd.out
	check_equal "the instance is idle after testpmd's end, $what" \
		idle "$(state_of "$UUID")"
}

check_testpmd "split rings" queue_size=256
check_testpmd "packed rings" queue_size=256,packed_vq=1
# with features that belong to the control queue, but not the queue itself
check_testpmd "control queue" queue_size=256,cq=1

testpmd_down
vhost_down
