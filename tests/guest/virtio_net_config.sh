#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Configuration by the driver and by the instance: MAC address, link, announcement.
. /tests/lib.sh
. /tests/lib-net.sh

UUID=$(new_uuid)

modprobe mvnet
net_up "$UUID" || exit 1

own=$(cat "$DIR/mac")
check "the MAC address can be changed" \
	ip link set dev "$DEV" address 02:00:00:00:be:ef
check_equal "the instance has the new MAC address" 02:00:00:00:be:ef \
	"$(cat "$DIR/mac")"
check "pktgen can be set up to send to the new MAC address" \
	pg_setup "$DEV" 02:00:00:00:be:ef 64 100
rx=$(netstat_of "$DEV" rx_packets)
pg_run
arrived()
{
	[ "$(netstat_of "$DEV" rx_packets)" -ge $((rx + 100)) ]
}
check "frames to the new MAC address arrive" wait_for 10 arrived
check "pktgen can be unloaded" pg_unload

check_equal "the link is up" up "$(cat "$DIR/link")"
check "the instance's link can be taken down" put down "$DIR/link"
check "the net device has no carrier when the link is down" \
	wait_for 10 carrier_is "$DEV" 0
check_equal "the instance's link is down" down "$(cat "$DIR/link")"
check "the instance's link can be taken up again" put up "$DIR/link"
check "the net device has carrier when the link is up again" \
	wait_for 10 carrier_is "$DEV" 1
check_errno "nonsense is refused as a link state" \
	EINVAL put sideways "$DIR/link"

# A gratuitous ARP needs an IP address to announce.
ip addr add 10.97.0.1/24 dev "$DEV"
tx=$(netstat_of "$DEV" tx_packets)
ctrl=$(vqstat "$DIR" $CTRLQ chains)
check "an announcement can be asked for" put 1 "$DIR/announce"
announced()
{
	[ "$(netstat_of "$DEV" tx_packets)" -gt "$tx" ]
}
check "the driver announces itself" wait_for 10 announced
acked()
{
	[ "$(vqstat "$DIR" $CTRLQ chains)" -gt "$ctrl" ]
}
check "the driver acknowledges the announcement on the control queue" \
	wait_for 10 acked
check_equal "no virtqueue broke" 0 "$(cat "$DIR"/vq*/errors | sort -u)"

check "virtio_net can be unbound" put "$(virtio_of "$UUID")" \
	/sys/bus/virtio/drivers/virtio_net/unbind
check_equal "the instance has its own MAC address after virtio_net was unbound" \
	"$own" \
	"$(cat "$DIR/mac")"

remove_mdev "$UUID"

unload
