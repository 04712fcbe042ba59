#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# kernels: 6.1 7.2
# timeout: 180
#
# Users of the VFIO fd that come, go, are killed, or are in the way.
. /tests/lib.sh
. /tests/lib-vhost.sh

vhost_up
check "a VFIO device works each time that it is opened" \
	user_net reuse --count 50 --queue-size 64
check "a second user is turned away" user_net second
check "a device works after the process that started it has ended" user_net started
check_equal "no page is pinned after a VFIO device was used many times" 0 "$(pinned_pages)"

kill_users user-net 20 net_options
check "frames come back after users were killed" user_net traffic --frames 500

# modules that are in use
user_start user-net hold
for m in vhost_mdev mdev_vfio mvnet mdev_soft_net mdev_core; do
	check_errno "$m cannot be unloaded while the VFIO device is open" EAGAIN rmmod $m
done
user_kill

# remove while somebody holds it
user_start user-net hold
remove_mdev "$UUID" &
remover=$!
usleep 500000
check "remove waits for the user of the VFIO device" kill -0 $remover
kill -9 $victim
wait $victim
check "remove ends when the user of the VFIO device is killed" \
	wait_for 30 [ ! -d "$(instance "$UUID")" ]
wait $remover

UUID=$(new_uuid)
create_net vhost "$UUID"
check "remove asks the user to let go, and ends when it has" user_net request
check_not "the instance is gone after its user let go" [ -d "$(instance "$UUID")" ]

# unbinding the class driver, and binding it again
UUID=$(new_uuid)
create_net vhost "$UUID"
put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
check_equal "an instance without a user can be unbound" unbound "$(state_of "$UUID")"
check_not "an unbound instance has no group to open" user_net traffic --frames 10
put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/bind
check "frames come back through an instance that was bound again" \
	user_net traffic --frames 500
vhost_down
