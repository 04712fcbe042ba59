#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# slow: debug
# kernels: 6.1 7.2
# timeout: 240
#
# Work done for a program counts as the program's own: it is done in the
# program's control groups.
. /tests/lib.sh
. /tests/lib-vhost.sh
. /tests/lib-blk.sh
. /tests/lib-cgroup.sh

no_threads()
{
	[ -z "$(threads_named "$1")" ]
}

# stat_of FILE NAME: a number
stat_of()
{
	awk -v name="$2" '$1 == name { print $2 }' "$GROUP/$1"
}

# ticks TID: CPU time of a thread, in hundredths of a second
ticks()
{
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# charged_at_least BYTES: of the kernel's memory, to the group
charged_at_least()
{
	[ "$(stat_of memory.stat kernel)" -ge "$1" ]
}

charged_less_than()
{
	[ "$(stat_of memory.stat kernel)" -lt "$1" ]
}

mount -t cgroup2 none "$TOP"
check "the kernel has groups for CPU time and memory" \
	put "+cpu +memory" "$TOP/cgroup.subtree_control" || exit 1
mkdir "$GROUP"

# --- CPU time ----------------------------------------------------------------

vhost_up
rm -f /tmp/victim.out
in_group user-net --uuid "$UUID" victim --pairs 2 >/tmp/victim.out 2>&1 &
victim=$!
check "a program of the group has traffic" wait_for 30 grep -q running \
	/tmp/victim.out
found=0
for t in $(threads_named mvnet-); do
	found=$((found + 1))
	check_thread_of_group \
		"the thread of a program's queues is in the program's group" "$t"
	check "the CPU time of the queues' thread counts as the group's" \
		test "$(stat_of cpu.stat usage_usec)" -ge $(($(ticks "$t") * 9000))
done
check_equal "each queue pair of the program has a thread" 2 $found
kill -9 $victim
wait $victim
check "the threads are gone with the program" wait_for 10 no_threads mvnet-
check "the threads leave the group" wait_for 10 rmdir "$GROUP"
mkdir "$GROUP"

# --- memory ------------------------------------------------------------------

check "mvblk can be loaded" modprobe mvblk
BLK=$(new_uuid)
check "an instance of mvblk is created" create_blk vhost ram64m "$BLK"
before=$(stat_of memory.stat kernel)
check "a program of the group can write to the disk" in_group user-blk "$BLK" data
pages=$(cat "$(instance "$BLK")/allocated")
check "the pages that the program wrote to count as the group's" test "$pages" -ge 1048576
check "the pages are charged to the group ($pages bytes, $before before)" \
	wait_for 10 charged_at_least $((before + pages * 9 / 10))
check "the device can be made smaller" put 512 "$(instance "$BLK")/size"
check "a smaller device takes the charge away" \
	wait_for 10 charged_less_than $((before + pages / 2))

unload
check "no memory of the removed disk counts as the group's" wait_for 10 rmdir "$GROUP"
put "-cpu -memory" "$TOP/cgroup.subtree_control"
umount "$TOP"
