#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 900
#
# Class VFIO: users that come, go, are killed, or are in the way.  As many are killed
# as the kernel's command line has as vfio_kills: CMDLINE_EXTRA=vfio_kills=1000
# tests/vm/run ...
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-vfio.sh

vfio_up doorbell=1
check "each virtqueue has a doorbell that can be mapped" sh -c \
	"user-pci info --uuid $UUID | grep 'doorbells that can be mapped'"
check "used again and again" user_net reuse --count 20 --queue-size 64
check "a second user is turned away" user_net second
check "traffic kicked by mapped doorbells" \
	by mmap user_net traffic --frames 2000 --event-idx
check_equal "pages pinned after that" 0 "$(pinned_pages)"

kill_users user-net "${vfio_kills:-20}" net_options
export VM_PCI=ioeventfd
kill_users user-net 10 net_options
export VM_PCI=write
check "traffic after all the killing" user_net traffic --frames 500

# two instances in one container
b=$(new_uuid)
check "another instance is created" create_net1 vfio "$b"
check "two instances in one container" user_net --uuid "$b" two --frames 500
check_not "the one that was removed is gone" [ -d "$(instance "$b")" ]

# modules that are in use
user_start user-net hold
for m in vfio_mdev mdev_vfio mvnet mdev_soft_net mdev_core; do
	check_errno "rmmod $m with the device open" EAGAIN rmmod $m
done
user_kill

# remove while somebody has it open
user_start user-net hold
remove_mdev "$UUID" &
remover=$!
usleep 500000
check "remove waits for the user" kill -0 $remover
kill -9 $victim
wait $victim
check "remove ends when the user is killed" wait_for 30 [ ! -d "$(instance "$UUID")" ]
wait $remover

UUID=$(new_uuid)
create_net vfio "$UUID"
check "remove asks the user to let go" user_net request
check_not "the instance that was asked for is gone" [ -d "$(instance "$UUID")" ]

put 1 /sys/module/vfio_mdev/parameters/remove_grace
UUID=$(new_uuid)
create_net vfio "$UUID"
check "a user that does not let go has the device revoked" user_pci revoked
check_log "the log says who did not let go" \
	"user-pci\[[0-9]*\] did not close the VFIO device: the device is revoked"
check_not "the instance is gone" [ -d "$(instance "$UUID")" ]
put 30 /sys/module/vfio_mdev/parameters/remove_grace

# unbinding the class driver, and binding it again
UUID=$(new_uuid)
create_net vfio "$UUID"
put "$UUID" /sys/bus/mdev_class/drivers/vfio_mdev/unbind
check_equal "the instance can be unbound" unbound "$(state_of "$UUID")"
check_not "there is no group to open" user_net traffic --frames 10
put "$UUID" /sys/bus/mdev_class/drivers/vfio_mdev/bind
check "an instance that was bound again carries traffic" user_net traffic --frames 500
vhost_down
