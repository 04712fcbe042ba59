#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# Traffic on several queue pairs.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
UUID1=$(new_uuid)
FRAMES=4000
[ "$KERNEL" != debug ] || FRAMES=800

modprobe mvnet
net_up "$UUID" || exit 1

check_equal "the net device has eight queue pairs" 8 "$(max_channels "$DEV")"
check_not "nine queue pairs are refused" ethtool -L "$DEV" combined 9

# spread PAIRS: send on each pair, and check that each pair has its frames
spread()
{
	_before=""
	for _i in 0 1 2 3 4 5 6 7; do
		_before="$_before $(vqstat "$DIR" "$(txq $_i)" chains)"
		_before="$_before $(vqstat "$DIR" "$(rxq $_i)" chains)"
	done
	_rx=$(netstat_of "$DEV" rx_packets)
	check "pktgen can send on $1 queues" pg_setup "$DEV" "$MAC" 128 \
		$FRAMES "queue_map_min 0" "queue_map_max $(($1 - 1))" || return
	pg_run
	check_equal "all frames are sent, $1 pairs" $FRAMES "$(pg_sent "$DEV")"
	check "all frames arrive, $1 pairs" wait_for 10 arrived $((_rx + FRAMES))

	# shellcheck disable=SC2086 # one word a counter
	set -- "$1" $_before
	_pairs=$1
	shift
	for _i in 0 1 2 3 4 5 6 7; do
		_tx=$(($(vqstat "$DIR" "$(txq $_i)" chains) - $1))
		_rx=$(($(vqstat "$DIR" "$(rxq $_i)" chains) - $2))
		shift 2
		# The stack sends frames of its own, for IPv6 for example, on any
		# queue.
		if [ "$_i" -lt "$_pairs" ]; then
			check "pair $_i of $_pairs had traffic ($_tx, $_rx)" \
				test $_tx -ge $((FRAMES / _pairs)) -a \
				$_rx -ge $((FRAMES / _pairs))
		else
			check "pair $_i of $_pairs had no traffic ($_tx, $_rx)" \
				test $_tx = 0 -a $_rx = 0
		fi
	done
}

arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge "$1" ]
}

for pairs in 8 4 1 2; do
	check "ethtool -L can set $pairs queue pairs" \
		ethtool -L "$DEV" combined $pairs
	check_equal "$pairs queue pairs are in use after ethtool -L" \
		$pairs "$(channels "$DEV")"
	spread $pairs
done

# worker_cpus PAIR: the CPUs that serve the pair
worker_cpus()
{
	_worker=mvnet-${UUID%"${UUID#??????}"}-$1
	for _c in /proc/[0-9]*/comm; do
		read -r _comm 2>/dev/null <"$_c" || continue
		[ "$_comm" = "$_worker" ] || continue
		sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "${_c%comm}status"
	done
}

# The driver spreads its queues over the CPUs, again whenever a CPU comes or goes.
CPU1=/sys/devices/system/cpu/cpu1/online
if [ "$(nproc)" = 2 ] && [ -w $CPU1 ]; then
	check_equal "pair 0 of 2 is served by CPU 0" 0 "$(worker_cpus 0)"
	check_equal "pair 1 of 2 is served by CPU 1" 1 "$(worker_cpus 1)"
	pg_setup "$DEV" "$MAC" 128 0 "queue_map_min 0" "queue_map_max 1"
	pg_start &
	pg=$!
	check "pktgen sends on two pairs before a CPU is taken away" \
		wait_for 10 pg_running "$DEV" 100
	check "CPU 1 can be taken away while there is traffic" put 0 $CPU1
	now=$(pg_sent "$DEV")
	check "frames flow after CPU 1 was taken away" \
		wait_for 10 pg_running "$DEV" $((now + 100))
	check "CPU 1 can be given back while there is traffic" put 1 $CPU1
	now=$(pg_sent "$DEV")
	check "frames flow after CPU 1 was given back" \
		wait_for 10 pg_running "$DEV" $((now + 100))
	pg_stop
	wait $pg
	check_equal "pair 1 is served by CPU 1 after the CPU was given back" \
		1 "$(worker_cpus 1)"
	ethtool -L "$DEV" combined 1
	check_equal "a single pair is served by both CPUs" \
		0-1 "$(worker_cpus 0)"
fi
check "pktgen can be unloaded" pg_unload

check "an instance of the type with one pair can be created" \
	create_net1 virtio "$UUID1"
check "an instance with one pair has a net device" \
	wait_for 10 netdev_of "$UUID1"
check_equal "the net device of an instance with one pair has one" \
	1 "$(max_channels "$(netdev_of "$UUID1")")"
remove_mdev "$UUID1"

remove_mdev "$UUID"
unload
