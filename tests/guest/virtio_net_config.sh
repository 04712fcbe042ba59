#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Configuration in both directions: MAC address, link, announce.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)

modprobe mvnet
net_up "$UUID" || exit 1

own=$(cat "$DIR/mac")
check "the MAC address can be changed" \
	ip link set dev "$DEV" address 02:00:00:00:be:ef
check_equal "the instance knows the new one" 02:00:00:00:be:ef \
	"$(cat "$DIR/mac")"
check "frames to the new one" pg_setup "$DEV" 02:00:00:00:be:ef 64 100
rx=$(netstat_of "$DEV" rx_packets)
pg_run
arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge $((rx + 100)) ]
}
check "frames to the new one arrive" wait_for 10 arrived
check "pktgen can be unloaded" pg_unload

check_equal "the link is up" up "$(cat "$DIR/link")"
check "the instance's link can be taken down" put down "$DIR/link"
check "the net device has no carrier" wait_for 10 carrier_is "$DEV" 0
check_equal "the instance's link is down" down "$(cat "$DIR/link")"
check "and up again" put up "$DIR/link"
check "the net device has carrier" wait_for 10 carrier_is "$DEV" 1
check_errno "nonsense is not a link state" EINVAL put sideways "$DIR/link"

# A gratuitous ARP needs an address to tell about
ip addr add 10.97.0.1/24 dev "$DEV"
tx=$(netstat_of "$DEV" tx_packets)
ctrl=$(vqstat "$DIR" $CTRLQ chains)
check "an announce can be asked for" put 1 "$DIR/announce"
announced()
{
	[ "$(netstat_of "$DEV" tx_packets)" -gt "$tx" ]
}
check "the driver announces itself" wait_for 10 announced
acked()
{
	[ "$(vqstat "$DIR" $CTRLQ chains)" -gt "$ctrl" ]
}
check "and acknowledges it on the control queue" wait_for 10 acked
check_equal "no virtqueue broke" 0 "$(cat "$DIR"/vq*/errors | sort -u)"

check "the driver can be unbound" put "$(virtio_of "$UUID")" \
	/sys/bus/virtio/drivers/virtio_net/unbind
check_equal "then the instance has its own MAC address again" "$own" \
	"$(cat "$DIR/mac")"

remove_mdev "$UUID"

unload
