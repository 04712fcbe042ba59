#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# devices: hardware
# timeout: 600
#
# The kernel's virtio-net on a NIC with two pairs of virtqueues: each CPU has a pair
# and its interrupts.  At the other end of the wire is a NIC that virtio_pci has.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

UUID=$(new_uuid)
seq 1 200000 >/tmp/sent
modprobe virtio_net

check "QEMU has a NIC with several pairs: its host has bridges, taps, and network namespaces" \
	test -e $PCI/devices/$HW_PAIRS || exit 1
modprobe vp_mdev
check "vp_mdev takes the NIC with several pairs" hw_bind $HW_PAIRS || exit 1
check "an instance can be created" create_hw $HW_PAIRS virtio "$UUID" || exit 1
check "virtio-net drives the NIC with several pairs" net_vars "$UUID" || exit 1
net_vars "$UUID"
PEER=$(basename "$(echo $PCI/devices/$HW_PEER/virtio*/net/*)")

check_equal "the NIC has two pairs and a virtqueue for control" 5 \
	"$(count "$DIR"/vq[0-9]*)"
check_equal "each virtqueue has an interrupt, and the configuration space" 6 \
	"$(hw_vectors $HW_PAIRS)"
check_equal "the driver can have two pairs" 2 "$(max_channels "$DEV")"
check_not "three pairs are refused" ethtool -L "$DEV" combined 3
check "two pairs are accepted" ethtool -L "$DEV" combined 2
check_equal "two pairs are set" 2 "$(channels "$DEV")"

# irq_cpus VQ: the CPUs that its interrupt may go to
irq_cpus()
{
	cat "/proc/irq/$(awk -v name="vp_mdev-$HW_PAIRS-vq$1" \
		'$NF == name { print $1 + 0 }' /proc/interrupts)/smp_affinity_list"
}

for i in 0 1; do
	check_equal "the receiver's interrupt of pair $i goes to CPU $i" $i \
		"$(irq_cpus "$(rxq $i)")"
	check_equal "the sender's interrupt of pair $i goes to CPU $i" \
		$i "$(irq_cpus "$(txq $i)")"
done

# the one end in this namespace, the other end in that
wire_up()
{
	ip netns add $NSA && ip netns add $NSB &&
		ip link set dev "$DEV" netns $NSA &&
		ip link set dev "$PEER" netns $NSB &&
		ip -n $NSA addr add $IPA/24 dev "$DEV" &&
		ip -n $NSB addr add $IPB/24 dev "$PEER" &&
		ip -n $NSA link set dev "$DEV" up &&
		ip -n $NSB link set dev "$PEER" up &&
		wait_for 20 in_ns $NSA ping -c 1 -W 1 $IPB
}

check "both ends of the network are up" wire_up || exit 1

# counts: kicks of the senders' virtqueues, signals of the receivers'
counts()
{
	for _i in 0 1; do
		vqstat "$DIR" "$(txq $_i)" kicks
		vqstat "$DIR" "$(rxq $_i)" signals
	done | tr '\n' ' '
}

# copied WHAT CPU PAIR: a file by TCP, which goes by this pair
copied()
{
	_before=$(counts)
	check "a file can be sent by TCP, $1" tcp_copy /tmp/sent /tmp/got $((1 << $2))
	check "the file that came by TCP is what was sent, $1" cmp /tmp/sent /tmp/got
	# shellcheck disable=SC2046 # words
	set -- "$1" "$3" $(echo "$_before" "$(counts)" |
		awk '{ print $5 - $1, $6 - $2, $7 - $3, $8 - $4 }')
	note "$1: pair 0 $3 $4, pair 1 $5 $6"
	[ "$2" = 0 ] || set -- "$1" "$2" "$5" "$6" "$3" "$4"
	check "the sender kicks pair $2, $1" test "$3" -gt 10 -a "$3" -gt "$5"
	check "the receiver hears through pair $2, $1" \
		test "$4" -gt 10 -a "$4" -gt "$6"
}

copied "from CPU 0" 0 0
copied "from CPU 1" 1 1
check "the NIC can be set to one pair" in_ns $NSA ethtool -L "$DEV" combined 1
copied "from CPU 1 by one pair" 1 0
check "two pairs can be set again" in_ns $NSA ethtool -L "$DEV" combined 2
copied "from CPU 1 by two again" 1 1

check "the instance can be removed" remove_mdev "$UUID"
check "virtio_pci takes the function back" hw_return $HW_PAIRS
unload
