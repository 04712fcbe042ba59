#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 300
#
# Programs that do everything wrong with an instance of net_mdev: every call, every ring,
# every header of a frame.  The interface at the other end sends back what it gets.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-net-mdev.sh

# echo_instance CLASS TYPE: UUID and HOST, whose frames come back
echo_instance()
{
	UUID=$(new_uuid)
	nm_create "$1" "$UUID" "$2" && HOST=$(host_of "$UUID") && echo_up "$HOST"
}

# refused: frames that the interface did not take
refused()
{
	echo $(($(netstat_of "$HOST" rx_errors) + $(netstat_of "$HOST" rx_dropped)))
}

modprobe vfio_iommu_type1
check "net_mdev can be loaded" modprobe net_mdev || exit 1
echo_instance vhost mq || {
	fail "an instance of class VHOST is created whose frames come back"
	exit 1
}
check "frames come back" user_net traffic --frames 500
check "frames of all kinds of rings come back" user_net traffic --frames 500 \
	--packed --indirect --event-idx --mrg --vary
check "frames come back through the char device" user_net_chardev traffic --frames 500

before=$(refused)
check_rows headers user_net headers
wanted=$(sed -n 's/.*refused \([0-9]*\)$/\1/p' /tmp/neg.out)
check "each frame with a wrong header is counted ($wanted)" \
	test $(($(refused) - before)) -ge "${wanted:-1}"
check_rows "headers, packed" user_net headers --packed
check_wrong_calls rings
check_wrong_calls packed
check "frames come back after wrong rings" user_net traffic --frames 500
remove_mdev "$UUID"

# --- class VFIO ------------------------------------------------------------------

echo_instance vfio one || {
	fail "an instance of class VFIO is created whose frames come back"
	exit 1
}
export VM_PCI=write
check "frames come back, class VFIO" user_net traffic --frames 500
check_rows "headers, class VFIO" user_net headers
check "frames come back after wrong headers, class VFIO" user_net traffic --frames 500
unset VM_PCI
vhost_down
