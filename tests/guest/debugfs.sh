#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2034
# slow: debug
# kernels: 6.1
# timeout: 240
#
# What debugfs shows of instances, also while they are in use, reset and removed.
. /tests/lib.sh
. /tests/lib-vhost.sh

# see FILE: of the instance UUID
see()
{
	cat "/sys/kernel/debug/mdev/$UUID/$1"
}

# vq_has INDEX LINE: the record of a virtqueue has a line that matches
vq_has()
{
	see virtqueues | awk -v RS= -v FS='\n' -v idx="virtqueue: $1" -v want="$2" '
		$1 == idx { for (i = 1; i <= NF; i++) if ($i ~ want) found = 1 }
		END { exit !found }'
}

# has FILE LINE: a file of the instance has a line that matches
has()
{
	see "$1" | grep -qE "$2"
}

# read_all: read all files of all instances again and again, until there is /tmp/enough
read_all()
{
	while [ ! -e /tmp/enough ]; do
		cat /sys/kernel/debug/mdev/*/* >/dev/null 2>&1
	done
}

# check_removed_under WHAT FILE: an instance is removed while the file is open and read
check_removed_under()
{
	exec 5<"/sys/kernel/debug/mdev/$UUID/$2"
	check "$1 of an instance can be read before the instance is removed" \
		dd bs=1 count=1 <&5
	check "an instance is removed while its $1 is open" remove_mdev "$UUID"
	check_errno "$1 of a removed instance gives an error" EIO cat <&5
	exec 5<&-
	check "the directory of a removed instance is gone, after $1" \
		[ ! -e "/sys/kernel/debug/mdev/$UUID" ]
}

# a kernel without debugfs has instances all the same
if ! grep -q debugfs /proc/mounts; then
	skip "debugfs shows instances" "this kernel has no debugfs"
	exit 0
fi

# class VIRTIO
modprobe virtio-rng
modprobe mvrng
UUID=$(new_uuid)
check "an instance of class VIRTIO is created" \
	create mvrng0-virtio '*-rng' "$UUID" || exit 1
check "virtio-rng drives the instance" wait_for 10 state_is "$UUID" running
check_equal "only root may read what debugfs shows" "-r--------" \
	"$(stat -c %A /sys/kernel/debug/mdev/"$UUID"/* | sort -u)"
check "the class driver is shown" has instance '^driver: virtio_mdev$'
check "the status is shown" has instance '^status: 0xf$'
check "the memory of the kernel is shown" has memory '^memory: the kernel'
check "a virtqueue of the kernel's driver is live" vq_has 0 '^state: live$'
check "the layout of a virtqueue is shown" vq_has 0 '^layout: packed$'
check "the positions of a packed virtqueue are shown" \
	vq_has 0 '^used: next [0-9]+ wrap [01], published [0-9]+ wrap [01]$'
check_not "a virtqueue that never broke has no reason" has virtqueues '^last reason'
check "the class driver can be unbound" \
	put "$UUID" /sys/bus/mdev_class/drivers/virtio_mdev/unbind
check "an unbound instance has no memory" has memory '^memory: none'
check "a virtqueue of an unbound instance is stopped" vq_has 0 '^state: stopped$'
check_removed_under "the list of virtqueues" virtqueues
unload

# class VHOST
vhost_up
check "a device that was never open has no memory" has memory '^memory: none, never opened'
for way in "" --chardev; do
	WAY=$way
	name=${way:-the VFIO device}
	if user_start user-net victim; then
		pass "a program has traffic, $name"
	else
		fail "a program has traffic, $name" "$(cat /tmp/victim.out)"
	fi
	check "a virtqueue of a program is live, $name" vq_has 1 '^state: live$'
	check "the size of a program's virtqueue is shown, $name" vq_has 1 '^size: [1-9]'
	check "the positions of a split virtqueue are shown, $name" \
		vq_has 1 '^available: next [0-9]+, seen [0-9]+$'
	if [ -z "$way" ]; then
		check "the pins of rings are shown" has memory '^pinned for rings: [1-9]'
		check "the pins of data are shown" \
			has memory '^pinned for data: [1-9][0-9]* bytes in [1-9]'
	else
		check "what messages have mapped is shown" \
			has memory '^mapped and pinned: [1-9][0-9]* bytes$'
		check "mapped rings are shown" has memory '^ring areas: [1-9]'
	fi
	user_kill
	check "a virtqueue is stopped when the program has ended, $name" \
		vq_has 1 '^state: stopped$'
	check_not "nothing is pinned when the program has ended, $name" \
		has memory 'pinned( for [a-z]+)?: [1-9]'
done
check "a program makes its queues break" user_net unmap-live
check "debugfs has the reason why a queue broke" has virtqueues \
	'^last reason: .*not mapped'
check "debugfs has how often a queue broke" has virtqueues '^broken: [1-9][0-9]* times$'

# in all states
rm -f /tmp/enough
read_all &
reader=$!
check "the wrong rings of a program are refused while debugfs is read" \
	user-neg "$UUID" rings
check "a program of the VFIO device has traffic while debugfs is read" \
	user_net traffic --frames 200
check "a program of the char device has traffic while debugfs is read" \
	user_net_chardev traffic --frames 200
kill_users user-net 5 net_options
for _i in 1 2 3 4 5; do
	remove_mdev "$UUID"
	UUID=$(new_uuid)
	create_net vhost "$UUID" || break
done
check "instances come and go while debugfs is read" [ -d "$(instance "$UUID")" ]
: >/tmp/enough
wait $reader
check_removed_under "the memory" memory
vhost_down
check "debugfs has no directory without the module" [ ! -e /sys/kernel/debug/mdev ]
