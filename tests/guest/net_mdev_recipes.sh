#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# long: yes
# root: 12-net
# memory: 1024
# timeout: 600
#
# The commands of docs/net.md, by programs of Debian 12: a bridge with a DHCP server, a
# switch of Open vSwitch, a network namespace.  A guest reaches what is behind its
# interface each time.
. /tests/lib.sh
. /tests/lib-net-mdev.sh
. /tests/lib-root.sh

# recipe NAME: a script of root/
recipe()
{
	in_root uuid="$UUIDA" uuid2="${UUIDB:-}" sh "/tests/root/net-$1.sh"
}

# guests COUNT: new ones of class VIRTIO, without addresses
guests()
{
	UUIDA=$(new_uuid) UUIDB=
	nm_guest $NSA $IPA "$UUIDA" || return 1
	[ "$1" = 1 ] || { UUIDB=$(new_uuid) && nm_guest $NSB $IPB "$UUIDB"; }
}

guests_down()
{
	for _n in $NSA $NSB; do
		ip netns del "$_n" 2>/dev/null
	done
	for _u in $UUIDA $UUIDB; do
		remove_mdev "$_u"
	done
}

# lease NAMESPACE: what udhcpc has got
lease()
{
	cat >udhcpc.sh <<-END
		[ "\$1" != bound ] || { /bin/ip addr flush dev \$interface
			/bin/ip addr add \$ip/\$mask dev \$interface; }
	END
	chmod +x udhcpc.sh
	in_ns "$1" udhcpc -i eth0 -n -q -t 10 -s "$PWD/udhcpc.sh"
}

# end PROGRAM
end()
{
	# shellcheck disable=SC2046 # a list
	kill $(pidof "$1") && wait_for 20 eval "! pidof $1"
}

modprobe -a virtio_net bridge openvswitch
check "a Debian 12 can be mounted" root_up 12-net || exit 1
check "net_mdev can be loaded" modprobe net_mdev || exit 1

# --- an instance ------------------------------------------------------------------

modprobe vfio_iommu_type1
UUIDA=$(sh /tests/root/net-instance.sh 2>instance.out | tail -n 1)
check "the commands for an instance give it an interface" host_of "$UUIDA" ||
	note "$(cat instance.out)"
remove_mdev "$UUIDA"

# --- a bridge ---------------------------------------------------------------------

guests 1 || {
	fail "a guest is set up"
	exit 1
}
ip -n $NSA addr flush dev eth0
check "the commands for a bridge work" recipe bridge
check "a guest gets an address by DHCP" lease $NSA
check "the address is one of the range" eval \
	"ip -n $NSA addr show dev eth0 | grep -q 'inet 192.168.77.[1-9][0-9]/24'"
check "a guest reaches the host" answers $NSA 192.168.77.1
check "the DHCP server ends" end dnsmasq
ip link del dev br0
guests_down

# --- Open vSwitch --------------------------------------------------------------------

guests 2 || fail "two guests are set up"
check "Open vSwitch starts" in_root /usr/share/openvswitch/scripts/ovs-ctl start \
	--system-id=random --no-monitor
check "the commands for a switch work" recipe ovs
check "guests reach each other by the switch" ping_both
data_of 16384 in
check "TCP arrives unchanged by the switch" copy_both in
check "the switch has the flows in the kernel" eval \
	'in_root ovs-appctl dpctl/dump-flows | grep -q eth_type'
check "guests have VLANs at the switch" in_root ovs-vsctl \
	set port "$(host_of "$UUIDA")" tag=5 -- set port "$(host_of "$UUIDB")" tag=5
check "guests of one VLAN reach each other" ping_both
in_root ovs-vsctl set port "$(host_of "$UUIDB")" tag=6
check_not "guests of different VLANs do not reach each other" \
	in_ns $NSA ping -c 1 -W 2 $IPB
check "an instance can be removed while it is a port of a switch" remove_mdev "$UUIDA"
UUIDA=
in_root ovs-vsctl del-br ovs0
check "Open vSwitch stops" in_root /usr/share/openvswitch/scripts/ovs-ctl stop
guests_down
rmmod openvswitch

# --- a network namespace ----------------------------------------------------------------

guests 1 || fail "a guest is set up again"
mkdir -p $ROOT/run/netns
mount --bind /run/netns $ROOT/run/netns
check "the commands for a namespace work" recipe netns
ip -n $NSA addr add 192.168.78.2/24 dev eth0
check "a guest reaches what is in the namespace" answers $NSA 192.168.78.1
in_root ip netns del service
umount -l $ROOT/run/netns
guests_down

root_down
unload
