# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For scripts that look at tracepoints.
TRACE=/sys/kernel/tracing

# trace_has SYSTEM: this kernel has the tracepoints of a module that is loaded
trace_has()
{
	mount -t tracefs tracefs $TRACE 2>/dev/null
	[ -d "$TRACE/events/$1" ]
}

# traced SYSTEM COMMAND...: trace a command, into the file events
traced()
{
	_system=$1
	shift
	put "" $TRACE/trace
	put 1 "$TRACE/events/$_system/enable"
	"$@"
	_rc=$?
	put 0 "$TRACE/events/$_system/enable"
	cat $TRACE/trace >events
	return $_rc
}
