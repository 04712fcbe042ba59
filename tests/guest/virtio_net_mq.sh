#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# Several queue pairs.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)
UUID1=$(new_uuid)
FRAMES=4000
[ "$KERNEL" != debug ] || FRAMES=800

modprobe mvnet
net_up "$UUID" || exit 1

check_equal "there are eight pairs" 8 "$(max_channels "$DEV")"
check_not "nine pairs are refused" ethtool -L "$DEV" combined 9

# spread PAIRS: send on each of them, and see the frames on each of them
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
		# The stack's own chatter (IPv6, say) may go by any queue
		if [ "$_i" -lt "$_pairs" ]; then
			check "pair $_i of $_pairs had traffic ($_tx, $_rx)" \
				test $_tx -ge $((FRAMES / _pairs)) -a \
				$_rx -ge $((FRAMES / _pairs))
		else
			check "pair $_i of $_pairs had none ($_tx, $_rx)" \
				test $_tx = 0 -a $_rx = 0
		fi
	done
}

arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge "$1" ]
}

for pairs in 8 4 1 2; do
	check "ethtool -L combined $pairs" ethtool -L "$DEV" combined $pairs
	check_equal "$pairs pairs are set" $pairs "$(channels "$DEV")"
	spread $pairs
done

# worker_cpus PAIR: where the pair is served
worker_cpus()
{
	_worker=mvnet-${UUID%"${UUID#??????}"}-$1
	for _c in /proc/[0-9]*/comm; do
		read -r _comm 2>/dev/null <"$_c" || continue
		[ "$_comm" = "$_worker" ] || continue
		sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "${_c%comm}status"
	done
}

# The driver spreads its queues over the CPUs, and again when they change
CPU1=/sys/devices/system/cpu/cpu1/online
if [ "$(nproc)" = 2 ] && [ -w $CPU1 ]; then
	check_equal "pair 0 of 2 is served by CPU 0" 0 "$(worker_cpus 0)"
	check_equal "pair 1 of 2 is served by CPU 1" 1 "$(worker_cpus 1)"
	pg_setup "$DEV" "$MAC" 128 0 "queue_map_min 0" "queue_map_max 1"
	pg_start &
	pg=$!
	check "pktgen sends" wait_for 10 pg_running "$DEV" 100
	check "a CPU can be taken away" put 0 $CPU1
	now=$(pg_sent "$DEV")
	check "frames still flow" wait_for 10 pg_running "$DEV" $((now + 100))
	check "and given back" put 1 $CPU1
	now=$(pg_sent "$DEV")
	check "frames still flow" wait_for 10 pg_running "$DEV" $((now + 100))
	pg_stop
	wait $pg
	check_equal "then pair 1 is served by CPU 1 again" 1 "$(worker_cpus 1)"
	ethtool -L "$DEV" combined 1
	check_equal "a single pair is served by both" 0-1 "$(worker_cpus 0)"
fi
check "pktgen can be unloaded" pg_unload

check "the type with one pair can be created" create_net1 virtio "$UUID1"
check "it has a net device" wait_for 10 netdev_of "$UUID1"
check_equal "it has one pair" 1 "$(max_channels "$(netdev_of "$UUID1")")"
remove_mdev "$UUID1"

remove_mdev "$UUID"
unload
