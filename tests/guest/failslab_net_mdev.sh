#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Allocations fail as instances of net_mdev are created, as users start them and as
# frames pass.
#
# only: debug
# long: yes
# leaks: apart
# timeout: 600
# expect-log: FAULT_INJECTION|virtio_net.*probe .*failed with error -12|kmemleak: Cannot allocate
. /tests/lib-failslab.sh
. /tests/lib-net-mdev.sh

failslab_begin net_mdev

for class in virtio vhost; do
	uuid=$(new_uuid)
	dir=$(type_dir net_mdev-$class '*-net_mdev-mq')
	faults "create of class $class cleans up after each allocation that fails" \
		-e $INSTANCES -e $MDEVS -e /sys/class/net \
		-p "$INSTANCES/$uuid/driver" \
		-w "1=$MDEVS/$uuid/remove" write "$uuid" "$dir/create"
	check "an instance of class $class can be created after allocations failed" \
		nm_create $class "$uuid" mq
	check "an instance of class $class can be removed after allocations failed" \
		remove_mdev "$uuid"
done

uuid=$(new_uuid)
nm_create vhost "$uuid" mq
check "what the interface gets can be sent back" echo_up "$(host_of "$uuid")"
set -- -k -s "idle=$INSTANCES/$uuid/state"
faults "a user of the VFIO fd survives each allocation that fails" "$@" \
	user-net traffic --uuid "$uuid" --frames 64
faults "a user of the char device survives each allocation that fails" "$@" \
	user-net traffic --uuid "$uuid" --frames 64 --chardev
check "frames come back after allocations failed" \
	user-net traffic --uuid "$uuid" --frames 64
remove_mdev "$uuid"

failslab_end
