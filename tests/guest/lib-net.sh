# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts that drive an instance of mvnet with the kernel's virtio-net.
# mvnet returns every frame that it is sent, so two macvlan devices in VEPA mode
# on it, each in a network namespace of its own, can talk to each other: all of
# their frames leave through the NIC and come back.

NSA=mva NSB=mvb
IPA=10.99.0.1 IPB=10.99.0.2

# net_vars UUID: set DEV, MAC and DIR; waits for the net device
net_vars()
{
	DIR=$(instance "$1")
	wait_for 10 netdev_of "$1" || {
		echo "no net device for $1" >&2
		return 1
	}
	DEV=$(netdev_of "$1")
	MAC=$(line_of "/sys/class/net/$DEV/address")
}

# net_up UUID: create an instance and set its net device up.  A script calls
# net_vars as well if it does so by check, which runs in a subshell.
net_up()
{
	# no udev here that would load it
	modprobe virtio_net && create_net virtio "$1" && net_vars "$1" &&
		ip link set dev "$DEV" up && wait_for 10 carrier_is "$DEV" 1
}

# carrier_is DEV 0|1
carrier_is()
{
	[ "$(line_of "/sys/class/net/$1/carrier")" = "$2" ]
}

# netstat_of DEV COUNTER
netstat_of()
{
	line_of "/sys/class/net/$1/statistics/$2"
}

# vqstat DIR INDEX COUNTER
vqstat()
{
	line_of "$1/vq$2/$3"
}

# the queues of pair N, and with eight pairs the control queue
rxq() { echo $(($1 * 2)); }
txq() { echo $(($1 * 2 + 1)); }
CTRLQ=16

# channels DEV: how many pairs of virtqueues are in use
channels()
{
	ethtool -l "$1" | awk '/^Combined:/ { v = $2 } END { print v }'
}

# max_channels DEV: how many there are
max_channels()
{
	ethtool -l "$1" | awk '/^Combined:/ { print $2; exit }'
}

# pair_up DEV [MTU]: two namespaces with a macvlan device of DEV each
pair_up()
{
	for _n in a b; do
		ip netns add "mv$_n" &&
		ip link add link "$1" name "vepa$_n" type macvlan mode vepa &&
		ip link set dev "vepa$_n" ${2:+mtu "$2"} netns "mv$_n" &&
		ip -n "mv$_n" link set dev lo up &&
		ip -n "mv$_n" link set dev "vepa$_n" up || return 1
	done
	# no address detection for IPv6 to wait for: IPv4 will do
	ip -n $NSA addr add $IPA/24 dev vepaa &&
	ip -n $NSB addr add $IPB/24 dev vepab
}

pair_down()
{
	for _n in a b; do
		ip netns del "mv$_n"
	done 2>/dev/null
	# deleted with their namespaces, but not at once
	wait_for 10 no_vepa "$1"
}

no_vepa()
{
	for _u in "/sys/class/net/$1"/upper_*; do
		[ ! -e "$_u" ] || return 1
	done
}

# in_ns NAMESPACE COMMAND...
in_ns()
{
	ip netns exec "$@"
}

# tcp_copy FILE OUT [CPUS]: send FILE from a to b by TCP, from any CPU or of a mask
tcp_copy()
{
	# nc hangs up when its input ends: the receiver's never does
	[ -p /tmp/never ] || mkfifo /tmp/never
	ip netns exec $NSB nc -l -p 5001 0<>/tmp/never >"$2" &
	_nc=$!
	wait_for 10 listening $NSB 5001 || return 1
	ip netns exec $NSA timeout 300 taskset "${3:-ff}" \
		tcpsend $IPB 5001 <"$1" || {
		kill $_nc
		return 1
	}
	wait $_nc
}

# listening NAMESPACE PORT
listening()
{
	ip netns exec "$1" netstat -ltn | grep -q ":$2 "
}

# --- pktgen ------------------------------------------------------------------

PKTGEN=/proc/net/pktgen

# pg_set FILE LINE...: one command a line
pg_set()
{
	_f=$PKTGEN/$1
	shift
	for _l; do
		put "$_l" "$_f" || {
			echo "pktgen refused '$_l'" >&2
			return 1
		}
	done
}

# pg_setup DEV MAC SIZE COUNT [LINE...]: frames of SIZE bytes without FCS, on
# thread 0; COUNT 0 goes on until pg_stop
pg_setup()
{
	_dev=$1 _mac=$2 _size=$3 _count=$4
	shift 4
	modprobe pktgen || return 1
	pg_set kpktgend_0 rem_device_all || return 1
	# that is up to the thread, and the answer does not wait for it
	wait_for 10 test ! -e "$PKTGEN/$_dev" || return 1
	pg_set kpktgend_0 "add_device $_dev" || return 1
	pg_set "$_dev" "count $_count" "pkt_size $_size" "delay 0" \
		"clone_skb 0" "dst 10.98.0.1" "dst_mac $_mac" "$@"
}

# pg_start: blocks until everything is sent, or pg_stop, if its thread has begun
# after a moment, as it has not on every host
pg_start()
{
	put start $PKTGEN/pgctrl
}

# pg_run: blocks until everything is sent.  For devices that stay: pktgen's own
# file of one crashes who reads it as the device goes.
pg_run()
{
	pg_start || return 1
	for _f in "$PKTGEN"/*; do
		case ${_f##*/} in
		pgctrl|kpktgend_*) ;;
		*) wait_for 60 pg_over "${_f##*/}" || return 1 ;;
		esac
	done
}

# pg_over DEV: it took as many frames as it shall, or has no end, or is gone
pg_over()
{
	_n=$(sed -n 's/^Params: count \([0-9]*\).*/\1/p' "$PKTGEN/$1")
	[ "${_n:-0}" = 0 ] || [ "$(pg_sent "$1")" -ge "$_n" ]
}

pg_stop()
{
	put stop $PKTGEN/pgctrl
}

# pg_running DEV
pg_running()
{
	grep -q '^Current:' "$PKTGEN/$1" &&
		[ "$(pg_sent "$1")" -gt "${2:-0}" ]
}

# pg_sent DEV: frames that the device took
pg_sent()
{
	sed -n 's/^ *pkts-sofar: *\([0-9]*\).*/\1/p' "$PKTGEN/$1"
}

pg_unload()
{
	wait_for 10 rmmod pktgen
}
