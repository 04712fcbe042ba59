#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# timeout: 300
#
# Class VFIO: users that are killed, and instances that are removed, in each state of
# migration.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh

STATES="running_p2p stop stop_copy resuming pre_copy pre_copy_p2p"

vfio_up
for state in $STATES; do
	user_start user-pci mig-hold --state "$state" ||
		fail "a user in $state runs" "$(cat /tmp/victim.out)"
	check_equal "sysfs has the state $state" "$state" \
		"$(cat "$(instance "$UUID")/migration_state")"
	# not in a subshell, whose child it is not
	user_kill
	check_equal "the instance is free after a user in $state" idle \
		"$(state_of "$UUID")"
	check_equal "the state of an instance whose user is gone" running \
		"$(cat "$(instance "$UUID")/migration_state")"
	check_equal "pages pinned after a user in $state" 0 "$(pinned_pages)"
done
check "traffic after all the killing" user_net traffic --frames 300

# removed, and unbound, under a user that does not let go
put 1 /sys/module/vfio_mdev/parameters/remove_grace
for state in $STATES; do
	check "an instance is removed in $state, and its files are dead" \
		user_pci mig-revoked --state "$state"
	check_not "the instance that was in $state is gone" \
		[ -d "$(instance "$UUID")" ]
	UUID=$(new_uuid)
	create_net1 vfio "$UUID"
done
user_start user-pci mig-hold --state pre_copy
put "$UUID" /sys/bus/mdev_class/drivers/vfio_mdev/unbind
check_equal "an instance can be unbound in pre_copy" unbound "$(state_of "$UUID")"
check_not "an instance that is unbound has no state of migration" \
	[ -e "$(instance "$UUID")/migration_state" ]
kill -9 "$victim"
wait "$victim"
put "$UUID" /sys/bus/mdev_class/drivers/vfio_mdev/bind
check "an instance that was bound again carries traffic" \
	user_net traffic --frames 300
vhost_down
