# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
#
# For scripts on net_mdev, each instance of which has an interface of this host at its
# other end.  Those of class VIRTIO get virtio-net; its network device stands for that
# of a guest, in a network namespace of its own.
. /tests/lib-net.sh

BRIDGE=nmbr0
IPHOST=10.99.0.254

# nm_create CLASS UUID [TYPE]: an instance, with one pair of virtqueues unless it is
# of another type
nm_create()
{
	create "net_mdev-$1" "*-net_mdev-${3:-one}" "$2"
}

# host_of UUID: the interface of this host
host_of()
{
	for _d in "/sys/bus/mdev/devices/$1"/net/*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
		return 0
	done
}

# guest_of UUID: virtio-net's interface on the instance
guest_of()
{
	for _d in "$(instance "$1")"/virtio[0-9]*/net/*; do
		[ -d "$_d" ] || return 1
		basename "$_d"
		return 0
	done
}

# nm_find UUID: set HOST and GUEST to the names of both ends of one of class VIRTIO
nm_find()
{
	wait_for 10 guest_of "$1" || {
		echo "no virtio-net on $1" >&2
		return 1
	}
	GUEST=$(guest_of "$1")
	HOST=$(host_of "$1")
}

# nm_guest NAMESPACE ADDRESS UUID: an instance of class VIRTIO, up, the guest's end in a
# namespace; its name there is eth0
nm_guest()
{
	nm_create virtio "$3" "${4:-one}" && nm_find "$3" &&
	ip netns add "$1" && ip link set dev "$GUEST" netns "$1" name eth0 &&
	ip -n "$1" link set dev lo up && ip -n "$1" link set dev eth0 up &&
	ip -n "$1" addr add "$2/24" dev eth0 && ip link set dev "$HOST" up
}

# bridge_up [TYPE]: two guests and this host at a bridge; sets UUIDA, UUIDB, HOSTA and
# HOSTB, so it does not run in a subshell
bridge_up()
{
	UUIDA=$(new_uuid) UUIDB=$(new_uuid)
	modprobe -a virtio_net bridge &&
	ip link add dev $BRIDGE type bridge forward_delay 0 &&
	ip link set dev $BRIDGE up && ip addr add $IPHOST/24 dev $BRIDGE || return 1
	nm_guest $NSA $IPA "$UUIDA" "${1:-one}" || return 1
	HOSTA=$HOST
	nm_guest $NSB $IPB "$UUIDB" "${1:-one}" || return 1
	HOSTB=$HOST
	ip link set dev "$HOSTA" master $BRIDGE &&
	ip link set dev "$HOSTB" master $BRIDGE && wait_for 20 carriers_up
}

# carriers_up: both ends of both instances have seen it, each in a work of its own
carriers_up()
{
	carrier_is "$HOSTA" 1 && carrier_is "$HOSTB" 1 &&
	in_ns $NSA grep -q 1 /sys/class/net/eth0/carrier &&
	in_ns $NSB grep -q 1 /sys/class/net/eth0/carrier
}

bridge_down()
{
	ip netns del $NSA
	ip netns del $NSB
	ip link del dev $BRIDGE
}

# answers NAMESPACE ADDRESS [OPTION...]: it is pinged
answers()
{
	_ns=$1 _to=$2
	shift 2
	in_ns "$_ns" ping -c 2 -i 0.1 -W 5 "$@" "$_to"
}

# ping_both [OPTION...]: each guest pings the other one
ping_both()
{
	answers $NSA $IPB "$@" && answers $NSB $IPA "$@"
}

# swap_guests: what comes next is sent from B to A
swap_guests()
{
	set -- "$NSA" "$IPA"
	NSA=$NSB NSB=$1 IPA=$IPB IPB=$2
}

# copy_both FILE: it is sent by TCP from guest A to guest B and back, and compared
copy_both()
{
	for _way in 1 2; do
		rm -f copy
		tcp_copy "$1" copy && cmp "$1" copy || return 1
		swap_guests
	done
	rm -f copy
}

# data_of KIB FILE
data_of()
{
	dd if=/dev/urandom of="$2" bs=1k count="$1" 2>/dev/null
}

# --- offloads ------------------------------------------------------------------

# in the order in which one needs the next, by the names of ethtool -K; GSO is no
# offload, but makes the segments if the device does not
OFFLOADS="gro tso gso sg tx rx"

# offload_name NAME: as ethtool -k has it
offload_name()
{
	case $1 in
	gro)	echo generic-receive-offload ;;
	tso)	echo tcp-segmentation-offload ;;
	gso)	echo generic-segmentation-offload ;;
	sg)	echo scatter-gather ;;
	*)	echo "$1-checksumming" ;;
	esac
}

# ns_or_host NAMESPACE COMMAND...: in it, or here if the name is empty
ns_or_host()
{
	_in=$1
	shift
	# shellcheck disable=SC2086 # words
	${_in:+/bin/ip netns exec "$_in"} "$@"
}

# offload_state NAMESPACE DEV OFFLOAD: "on", "off", with "[fixed]" perhaps
offload_state()
{
	ns_or_host "$1" ethtool -k "$2" |
		sed -n "s/^$(offload_name "$3"): //p"
}

# offload NAMESPACE DEV OFFLOAD on|off: and see that it is, unless it cannot be set
offload()
{
	ns_or_host "$1" ethtool -K "$2" "$3" "$4"
	_state=$(offload_state "$1" "$2" "$3")
	case $_state in
	"$4"*|*"[fixed]"*)
		return 0 ;;
	esac
	echo "$3 of ${1:-the host} $2: $_state"
	return 1
}

# ends: both ends of both instances, "NAMESPACE DEV", each with what stands for blanks
ends()
{
	echo "|$HOSTA" "|$HOSTB" "$NSA|eth0" "$NSB|eth0"
}

# offload_everywhere OFFLOAD on|off
offload_everywhere()
{
	for _end in $(ends); do
		offload "${_end%|*}" "${_end#*|}" "$1" "$2" || return 1
	done
}

# all_offloads_on
all_offloads_on()
{
	for _o in rx tx sg gso tso gro; do
		offload_everywhere $_o on || return 1
	done
}

# --- sizes ---------------------------------------------------------------------

# mtu_all MTU: of everything that a frame passes
mtu_all()
{
	for _d in "$HOSTA" "$HOSTB" $BRIDGE; do
		ip link set dev "$_d" mtu "$1" || return 1
	done
	ip -n $NSA link set dev eth0 mtu "$1" && ip -n $NSB link set dev eth0 mtu "$1"
}

# --- XDP -------------------------------------------------------------------------

BPFFS=/sys/fs/bpf

# xdp DEV xdpgeneric|xdpdrv VERDICT|off
xdp()
{
	if [ "$3" = off ]; then
		ip link set dev "$1" "$2" off
		return
	fi
	[ -e $BPFFS/"$3" ] || xdppin "$3" $BPFFS/"$3" || return 1
	ip -force link set dev "$1" "$2" pinned $BPFFS/"$3"
}

# --- each frame goes back where it came from, as mvnet returns them ---------------------

# echo_up DEV: what the guest sends comes in there, and leaves there again.  None of it is
# dropped because a program had no time to add buffers.
echo_up()
{
	put 1 "/proc/sys/net/ipv6/conf/$1/disable_ipv6"
	put 60000 "/sys/class/net/$1/device/instance/stall" || return 1
	modprobe -a sch_ingress cls_matchall act_mirred &&
	ip link set dev "$1" up && tc qdisc add dev "$1" clsact &&
	tc filter add dev "$1" ingress matchall action mirred egress redirect dev "$1"
}
