#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# timeout: 240
#
# An instance is removed while a program has it open that does not close it: the
# program loses the device and keeps a file, and the removal ends.
. /tests/lib.sh
. /tests/lib-vhost.sh

GRACE=/sys/module/vhost_mdev/parameters/remove_grace

# new_instance: the instance UUID
new_instance()
{
	UUID=$(new_uuid)
	create_net vhost "$UUID"
}

# check_revoked WHAT OPTION...: the program says what it found; while its file is still
# open the rest of the world goes on without it
check_revoked()
{
	_mode=$1
	shift
	new_instance
	rm -f /tmp/go /tmp/victim.out
	user-net --uuid "$UUID" revoked "$@" >/tmp/victim.out 2>&1 &
	victim=$!
	wait_for 60 grep -qE 'revoked|not ok' /tmp/victim.out
	check "the instance is gone while its file is open, $_mode" \
		[ ! -d "$(instance "$UUID")" ]
	check "the UUID of a revoked instance can be used again, $_mode" \
		create_net vhost "$UUID"
	check "the new instance has traffic on the VFIO device, $_mode" \
		user_net traffic --frames 200
	check "the new instance has traffic on the char device, $_mode" \
		user_net_chardev traffic --frames 200
	check "the new instance can be removed, $_mode" remove_mdev "$UUID"
	check_equal "the open file of a revoked device keeps vhost_mdev loaded, $_mode" 1 \
		"$(rmmod vhost_mdev 2>/dev/null && echo 0 || echo 1)"
	check "the open file of a revoked device lets the parent be unloaded, $_mode" \
		rmmod mvnet
	: >/tmp/go
	check_ended "the program gets ENODEV from a revoked device and keeps its file, $_mode" \
		$victim /tmp/victim.out
	check "vhost_mdev can be unloaded when the file is closed, $_mode" \
		wait_for 10 rmmod vhost_mdev
	modprobe vhost_mdev remove_grace=1
	modprobe mvnet doorbell=1
}

vhost_up doorbell=1
check_equal "a user has 30 seconds to let go by default" 30 "$(cat $GRACE)"
echo 1 >$GRACE
remove_mdev "$UUID"
check_revoked "VFIO device"
check_revoked "VFIO device, by itself" --self
check_revoked "char device" --chardev
check_revoked "char device, by itself" --chardev --self

# --- whoever is in the way is named at once ------------------------------------

# log_tells ERE: for wait_for, the log has said so since the mark
log_tells()
{
	log_new | grep -qE "$1"
}

# The kernel log names who uses the fd, not who opened it and is gone.
new_instance
echo 60 >$GRACE
log_mark
user_start user-net inherited --chardev
check "a program uses the file that another one opened" \
	grep -q running /tmp/victim.out
sh -c "echo 1 >/sys/bus/mdev/devices/$UUID/remove" &
remover=$!
user=$(sed -n 's/.*user \([0-9]*\) running.*/\1/p' /tmp/victim.out)
check "the log says at once who uses the device, not who opened it" \
	wait_for 10 log_tells "waits for user-net\[$user\] to close the char device"

# --- a remover that is killed ------------------------------------------------

check "remove waits for the program that uses the file" kill -0 $remover
kill -9 $remover
check "a killed remover does not wait" wait_for 20 \
	[ ! -d "$(instance "$UUID")" ]
wait $remover
check "the log says that the device was revoked" wait_for 10 log_tells \
	"did not close the char device: the device is revoked"
kill -9 "$user"
wait "$victim"

# --- suspend -------------------------------------------------------------------

# freeze_programs: freeze all programs of the guest for a moment
freeze_programs()
{
	echo freezer >/sys/power/pm_test && echo freeze >/sys/power/state
}

if [ -e /sys/power/pm_test ]; then
	for WAY in "" --chardev; do
		new_instance
		user_start user-net hold
		remove_mdev "$UUID" &
		remover=$!
		usleep 500000
		check "remove waits for the user, ${WAY:-VFIO}" kill -0 $remover
		check "the host can suspend while a removal waits, ${WAY:-VFIO}" \
			freeze_programs
		check "remove ends after the host's suspend, ${WAY:-VFIO}" wait_for 20 \
			[ ! -d "$(instance "$UUID")" ]
		wait $remover
		kill -9 "$victim"
		wait "$victim"
	done
	echo none >/sys/power/pm_test
else
	skip "the host can suspend while a removal waits" \
		"this kernel cannot test a suspend"
fi

# --- a call that does not come back --------------------------------------------

echo 1 >$GRACE
for WAY in "" --chardev; do
	new_instance
	user_start user-net blocked-call
	usleep 300000
	check "remove ends though a call of the user does not return, ${WAY:-VFIO}" \
		remove_mdev "$UUID"
	wait "$victim"
	check_equal "the program whose call did not return is killed, ${WAY:-VFIO}" \
		137 $?
done

# --- at once -------------------------------------------------------------------

echo 0 >$GRACE
for WAY in "" --chardev; do
	new_instance
	user_start user-net victim
	check "remove without grace ends under traffic, ${WAY:-VFIO}" \
		remove_mdev "$UUID"
	check_equal "no page is pinned after a removal under traffic, ${WAY:-VFIO}" \
		0 "$(pinned_pages)"
	kill -9 "$victim" 2>/dev/null
	wait "$victim"
done
vhost_down
