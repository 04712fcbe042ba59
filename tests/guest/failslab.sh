#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every allocation on the way through create, the start of virtio-net, and the
# open and start of a VFIO fd fails once, one at a time: each time there is an
# error or all goes well without, nothing is left over, and it works afterwards.
#
# only: debug
# timeout: 300
# expect-log: FAULT_INJECTION|virtio_net.*probe .*failed with error -12
. /tests/lib.sh

MDEVS=/sys/bus/mdev/devices
FAULTS="/sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc"

# span SYMBOL: its first address and that of what follows it
span()
{
	sort /proc/kallsyms | awk -v sym="$1" '
		found && $1 != at { print at, $1; exit }
		$3 == sym { found = 1; at = $1 }'
}

# Only what is allocated with one of our modules on the stack is to fail: what
# the rest of the kernel does without memory is not our affair.
aim()
{
	range=$(awk -v ours=" $(echo "$OURS" | tr '\n' ' ')" '
		index(ours, " " $1 " ") { print $6, $2 }' /proc/modules | sort)
	# addresses are of equal length, so they sort as text
	start=$(echo "$range" | head -n 1 | cut -d' ' -f1)
	end=$(echo "$range" | tail -n 1)
	end=$(printf '0x%x' $((${end% *} + ${end#* })))
	# vfio's own error path warns of itself, and leaks, if this one fails
	reject=$(span vfio_create_group)
	for f in $FAULTS; do
		# fail-nth makes it fail whatever the probability is
		echo 0 >"$f/probability"
		echo 0 >"$f/verbose"
		echo N >"$f/ignore-gfp-wait"
		echo 32 >"$f/stacktrace-depth"
		echo "$start" >"$f/require-start"
		echo "$end" >"$f/require-end"
		echo "0x${reject% *}" >"$f/reject-start"
		echo "0x${reject#* }" >"$f/reject-end"
	done
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	note "allocations from $start to $end, without $reject"
}

unaim()
{
	for f in $FAULTS; do
		echo 0 >"$f/require-start"
		echo 0xffffffffffffffff >"$f/require-end"
		echo 0 >"$f/reject-start"
		echo 0 >"$f/reject-end"
	done
}

# faults WHAT [-a AFTER] [-u UNDO] COMMAND...
faults()
{
	what=$1
	shift
	if out=$(failnth "$@" 2>&1); then
		pass "$what"
		note "$what: $out"
	else
		fail "$what" "$out"
	fi
}

check "fault injection is there" test -w /proc/self/fail-nth -a \
	-w /sys/kernel/debug/failslab/require-start || exit 1

modprobe -a mdev_core virtio_mdev vhost_mdev mvnet vfio_iommu_type1
aim
# hundreds of removals wait for a grace period each
echo 1 >/sys/kernel/rcu_expedited
for class in virtio vhost; do
	uuid=$(new_uuid)
	dir=$(type_dir mvnet0-$class '*-net1')
	faults "create of class $class" -e $INSTANCES -e $MDEVS \
		-p $INSTANCES/$uuid/driver \
		-w "1=$MDEVS/$uuid/remove" write "$uuid" "$dir/create"
	check "class $class: create works afterwards" create_net $class "$uuid"
	check "class $class: so does remove" remove_mdev "$uuid"
done

# --- virtio: the kernel's driver binds and starts ----------------------------

uuid=$(new_uuid)
create_net1 virtio "$uuid"
vdev=$(virtio_of "$uuid")
# virtio_net comes after ours, so its own allocations are out of range; those
# of ours that it asks for are what is meant
check "virtio_net can be loaded" modprobe virtio_net
wait_for 10 netdev_of "$uuid"
check "virtio_net has bound" netdev_of "$uuid"
put "$vdev" /sys/bus/virtio/drivers/virtio_net/unbind
faults "virtio_net binds to class virtio" \
	-a "test ! -e /sys/bus/virtio/devices/$vdev/driver" \
	-p "/sys/bus/virtio/devices/$vdev/driver" \
	-w "$vdev=/sys/bus/virtio/drivers/virtio_net/unbind" \
	write "$vdev" /sys/bus/virtio/drivers/virtio_net/bind
check "virtio_net binds afterwards" \
	put "$vdev" /sys/bus/virtio/drivers/virtio_net/bind
check "class virtio: remove" remove_mdev "$uuid"

# the class driver, with virtio_net there: everything down to the net device
uuid=$(new_uuid)
dir=$(type_dir mvnet0-virtio '*-net1')
faults "create and bind to virtio_net" -e $INSTANCES -e $MDEVS \
	-p $INSTANCES/$uuid/driver \
	-w "1=$MDEVS/$uuid/remove" write "$uuid" "$dir/create"
rmmod virtio_net

# --- vhost: a user opens it and starts it ------------------------------------

uuid=$(new_uuid)
create_net vhost "$uuid"
pinned=$(pinned_pages)
cat >idle <<EOT
. /tests/lib.sh
state_is $uuid idle || { state_of $uuid; exit 1; }
[ "\$(pinned_pages)" = $pinned ] || { echo "pinned: \$(pinned_pages), not $pinned"; exit 1; }
EOT
faults "open, start and traffic of a VFIO fd" -a "sh ./idle" -u "sh ./idle" \
	vmnet traffic --uuid "$uuid" --frames 64
faults "doorbells, all queues, the control queue" -a "sh ./idle" \
	-u "sh ./idle" vmnet ctrl --uuid "$uuid" --pairs 8 --mq
check "a VFIO fd works afterwards" vmnet traffic --uuid "$uuid" --frames 64
check "class vhost: remove" remove_mdev "$uuid"

# --- the class driver binds by hand ------------------------------------------

uuid=$(new_uuid)
create_net vhost "$uuid"
put "$uuid" /sys/bus/mdev_class/drivers/vhost_mdev/unbind
faults "vhost_mdev binds" \
	-a "test ! -e $INSTANCES/$uuid/driver" \
	-p "$INSTANCES/$uuid/driver" \
	-w "$uuid=/sys/bus/mdev_class/drivers/vhost_mdev/unbind" \
	write "$uuid" /sys/bus/mdev_class/drivers/vhost_mdev/bind
check "class vhost: remove" remove_mdev "$uuid"

# --- the parent --------------------------------------------------------------

put mvnet0 /sys/bus/platform/drivers/mvnet/unbind
faults "the parent driver binds" \
	-a "test ! -e /sys/bus/platform/devices/mvnet0/driver" \
	-p "$MDEV_BUS/mvnet0-vhost" \
	-w "mvnet0=/sys/bus/platform/drivers/mvnet/unbind" \
	write mvnet0 /sys/bus/platform/drivers/mvnet/bind
check "the parent driver binds afterwards" \
	put mvnet0 /sys/bus/platform/drivers/mvnet/bind

unaim
echo 0 >/sys/kernel/rcu_expedited
unload
