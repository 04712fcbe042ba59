# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# What rows share.

# destination of the frames, and the address of the simulator's device
MAC=52:54:11:22:33:44

# the real ones, not those of busybox
ip()
{
	/bin/ip "$@"
}

tc()
{
	/bin/tc "$@"
}

# percent_of COUNT: as many of them as the run wants
percent_of()
{
	echo $(($1 * PERCENT / 100))
}

# once COMMAND...: not in the repeat that is thrown away, because it takes long
once()
{
	[ -n "$WARM_UP" ] || "$@"
}

# profiled ROW/METRIC COUNT COMMAND...: once more by kprof if profiles are wanted
profiled()
{
	_what=$1
	_packets=$2
	shift 2
	"$@"
	[ "$PROFILE" = 1 ] && [ -z "$WARM_UP" ] || return
	# No multiple of anything.  A sample costs about 1200 instructions, but
	# few of something need many samples.
	_period=50021
	[ "$_packets" -gt 100 ] || _period=10007
	[ "$MODE" = icount ] || _period=500009
	# Results under a profile are none.  No pipe: its reader would be seen.
	kprof -p $_period -R "$_what" -r 4 -n "$_packets" "$@" >/tmp/profile
	grep -v '^RES' /tmp/profile
}

# run_pktgen ROW METRIC DEV DSTMAC SIZE COUNT BURST DELAY_NS RXDEV: pktgen
run_pktgen()
{
	profiled "$1/$2" "$6" pgbench -R "$1" -M "$2" -d "$3" -m "$4" -s "$5" \
		-n "$6" -B "$7" -D "$8" -x "$9"
}

# run_netdev ROW NETDEV MAC: a net device that returns what it is sent
run_netdev()
{
	run_pktgen "$1" pg64 "$2" "$3" 60 "$(percent_of 40000)" 1 0 "$2"
	run_pktgen "$1" pg1500 "$2" "$3" 1500 "$(percent_of 40000)" 1 0 "$2"
	run_pktgen "$1" pg64.b32 "$2" "$3" 60 "$(percent_of 40000)" 32 0 "$2"
	# what is busy waiting for packets to be done is not in these
	[ "$MODE" = icount ] || return
	run_pktgen "$1" pg64.paced1 "$2" "$3" 60 "$(percent_of 4000)" 1 400000 "$2"
	run_pktgen "$1" pg64.paced32 "$2" "$3" 60 "$(percent_of 8000)" 32 4000000 "$2"
	run_pktgen "$1" pg1500.paced32 "$2" "$3" 1500 "$(percent_of 8000)" 32 4000000 "$2"
}

# run_ringbench ROW METRIC COUNT COMMAND [OPTION...]: ringbench on $RING_DEV, which is its
# options for a device
run_ringbench()
{
	_row=$1 _metric=$2 _count=$3 _command=$4
	shift 4
	# shellcheck disable=SC2086 # options
	set -- ringbench $RING_DEV -m "$MAC" -R "$_row" -M "$_metric" \
		-n "$_count" "$@" "$_command"
	case $_command in
	flood|pingpong|setup|read|send|tcpsend|tcpreceive|wake)
		profiled "$_row/$_metric" "$_count" "$@" ;;
	*)
		"$@" ;;
	esac
}

# run_ring ROW: all of ringbench on $RING_DEV
run_ring()
{
	run_ringbench "$1" flood64 "$(percent_of 40000)" flood
	run_ringbench "$1" flood64.b1 "$(percent_of 20000)" flood -B 1
	run_ringbench "$1" flood1500 "$(percent_of 20000)" flood -s 1500
	run_ringbench "$1" pingpong "$(percent_of 8000)" pingpong
	if [ "$NR_CPUS" -gt 1 ]; then
		# to spin takes a CPU
		run_ringbench "$1" flood64.spin "$(percent_of 40000)" flood -P
		run_ringbench "$1" pingpong.spin "$(percent_of 8000)" pingpong -P
	fi
	run_ringbench "$1" setup 10 setup
	once run_ringbench "$1" setup.nobatch 1 setup -N
	run_ringbench "$1" abuse 1 abuse
}

# run_blk ROW BLOCKDEV
run_blk()
{
	# the device is meant, no scheduler
	echo none >"/sys/block/$(basename "$2")/queue/scheduler"
	profiled "$1/rr4k.qd1" "$(percent_of 10000)" \
		blkbench -R "$1" -M rr4k.qd1 -d "$2" -q 1 -n "$(percent_of 10000)"
	profiled "$1/rr4k.qd32" "$(percent_of 20000)" \
		blkbench -R "$1" -M rr4k.qd32 -d "$2" -q 32 -n "$(percent_of 20000)"
}
