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
check "used again and again" user_net reuse --count 50 --queue-size 64
check "a second user is turned away" user_net second
check "one process maps memory, another one starts the device" user_net started
check_equal "pages pinned after that" 0 "$(pinned_pages)"

kill_victims
check "traffic after all the killing" user_net traffic --frames 500

# modules that are in use
user_net_start hold
for m in vhost_mdev mdev_vfio mvnet mdev_core; do
	check_errno "rmmod $m with the fd open" EAGAIN rmmod $m
done
user_net_stop

# remove while somebody holds it
user_net_start hold
remove_mdev "$UUID" &
remover=$!
usleep 500000
check "remove waits for the user" kill -0 $remover
kill -9 $victim
wait $victim
check "remove ends when the user is killed" wait_for 30 [ ! -d "$(instance "$UUID")" ]
wait $remover

UUID=$(new_uuid)
create_net vhost "$UUID"
check "remove asks the user to let go" user_net request
check_not "the instance is gone" [ -d "$(instance "$UUID")" ]

# unbinding the class driver, and binding it again
UUID=$(new_uuid)
create_net vhost "$UUID"
put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
check_equal "the instance can be unbound" unbound "$(state_of "$UUID")"
check_not "there is no group to open" user_net traffic --frames 10
put "$UUID" /sys/bus/mdev_class/drivers/vhost_mdev/bind
check "an instance that was bound again carries traffic" user_net traffic --frames 500
vhost_down
