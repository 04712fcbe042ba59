#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# devices: hardware
# timeout: 300
#
# An instance of a function is removed while a program has it open that does not
# close it.
. /tests/lib.sh
. /tests/lib-net.sh
. /tests/lib-hw.sh

modprobe vp_mdev
modprobe virtio_mdev
modprobe vhost_mdev remove_grace=1
hw_vhost $HW_PAGES || exit 1

# another CLASS: one more instance of the function
another()
{
	UUID=$(new_uuid)
	create_hw $HW_PAGES "$1" "$UUID"
}

# of the VFIO device the function is in the program's container until it ends
WAY=
check_user_hw_runs "a program has the VFIO device" hold
check "the instance can be removed" remove_mdev "$UUID"
check_equal "the instance is gone though a program keeps its file" 0 "$(instances)"
check "the program goes on after its instance was removed" kill -0 $victim
for class in vhost virtio; do
	check_errno "the function can have no other instance of class $class" \
		EBUSY another $class
done
check_equal "a refused instance does not exist while a program keeps the first one's file" \
	0 "$(instances)"
kill -9 $victim
wait $victim
create_again()
{
	UUID=$(new_uuid)
	create_hw $HW_PAGES vhost "$UUID" && echo "$UUID" >/tmp/uuid
}
check "the function can have an instance when the program has ended" \
	wait_for 20 create_again
UUID=$(cat /tmp/uuid)
check "frames come back through the instance after the program's end" \
	user_hw traffic --frames 50

# the function itself stays as long
check_user_hw_runs "a program has the VFIO device again" hold
hw_return $HW_PAGES &
returner=$!
check "the instance goes when its function is unbound" \
	wait_for 20 [ ! -d "$(instance "$UUID")" ]
check "unbinding the function waits for the program" kill -0 $returner
kill -9 $victim
wait $victim
wait $returner
check_equal "unbinding ends when the program has ended" 0 $?

# of the char device nothing is left
hw_vhost $HW_PAGES || exit 1
WAY=--chardev
check_user_hw_runs "a program has the char device" hold
check "the function can be unbound" hw_return $HW_PAGES
check "the program goes on when the function is unbound" kill -0 $victim
check_equal "no page is pinned in the end" 0 "$(pinned_pages)"
kill -9 $victim
wait $victim
unload
