#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# kernels: 6.1
# timeout: 120
#
# Tracepoints: what drivers do to instances, their virtqueues and their memory.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-trace.sh

# check_event WHAT EVENT PATTERN: the trace has it, of the instance UUID
check_event()
{
	check "the trace has $1" grep -qE "$2: $UUID $3" events
}

modprobe mvnet
if ! trace_has mdev_core; then
	skip "instances can be traced" "this kernel has no tracepoints"
	unload
	exit 0
fi
vhost_up
check "a program has traffic while its queues are traced" \
	traced mdev_core user_net traffic --frames 200
check_event "that the driver is ready" mdev_status '0xf \(.*driver_ok.*\) error 0'
check_event "that the device is reset" mdev_status '0x0 \(\) error 0'
check_event "a kick" mdev_vq_kick 'vq1$'
check_event "a buffer to send that is taken" mdev_vq_take \
	'vq1 chain [0-9]+: [1-9][0-9]* bytes to read, 0 to write$'
check_event "a receive buffer that is taken" mdev_vq_take \
	'vq0 chain [0-9]+: 0 bytes to read, [1-9][0-9]* to write$'
check_event "a buffer to send that is given back" mdev_vq_give \
	'vq1 chain [0-9]+: 0 bytes written$'
check_event "a receive buffer that is given back" mdev_vq_give \
	'vq0 chain [0-9]+: [1-9][0-9]* bytes written$'
check_event "a signal" mdev_vq_signal 'vq0$'
# What a task of the program cannot do without waiting it puts back, and the worker takes
# it again.
check_equal "the trace has as given each chain that it has as taken" "" \
	"$(sed -n "s/.*mdev_vq_\(take\|give\): $UUID vq1 chain \([0-9]*\):.*/\1 \2/p" events |
		awk '$1 == "take" { busy[$2] = 1; taken++ }
		     $1 == "give" { delete busy[$2]; given++ }
		     END { for (i in busy) print "chain " i
			   if (!given || given > taken) print given " of " taken }')"
check "a program makes its queues break while they are traced" \
	traced mdev_core user_net unmap-live
check_event "why a queue broke" mdev_vq_break 'vq[01]: .*not mapped'

check "a program unmaps memory of its container while it is traced" \
	traced mdev_vfio user_net unmap-live
check_event "pages that are pinned" mdev_vfio_pin '0x[0-9a-f]+ \+ 0x[0-9a-f]+ error 0'
check_event "pages that are unpinned" mdev_vfio_unpin \
	'0x[0-9a-f]+ \+ 0x[0-9a-f]+ error 0'
check_event "a page that was not at hand" mdev_vfio_fault \
	'0x[0-9a-f]+ \+ 0x1000 took [0-9]+ ns error (0|-11)'
check_event "the time of an unmap" mdev_vfio_unmap \
	'0x[0-9a-f]+ \+ 0x[0-9a-f]+ call 1 took [0-9]+ ns'
check "a program has traffic while the memory of the char device is traced" \
	traced vhost_mdev user_net_chardev traffic --frames 200
check_event "memory that is mapped" vhost_mdev_map \
	'0x[0-9a-f]+ \+ 0x[0-9a-f]+ took [0-9]+ ns error 0'
check_event "memory that is unmapped" vhost_mdev_unmap \
	'0x[0-9a-f]+ \+ 0x[0-9a-f]+ took [0-9]+ ns error 0'
check_equal "nothing is traced afterwards" 0 "$(cat $TRACE/events/mdev_core/enable)"

unload
