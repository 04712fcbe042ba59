#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# expect-log: I/O error, dev vd|Buffer I/O error on dev vd
#
# Drivers and instances that go away while there are requests.
. /tests/lib.sh
. /tests/lib-blk.sh

VIRTIO_MDEV=/sys/bus/mdev_class/drivers/virtio_mdev
IMAGE=/tmp/image
cd /tmp || exit 1

# requests for ever, on two queues
load_start()
{
	before=$(vq_sum "$UUID" chains)
	blkop stress -e -t 4 "$DEV" >/tmp/load 2>&1 &
	LOAD=$!
	wait_for 20 busy
}

busy()
{
	[ "$(vq_sum "$UUID" chains)" -gt $((before + 200)) ]
}

# load_over WHEN: what was written was read, until requests failed
load_over()
{
	if wait "$LOAD"; then
		pass "data was right until the end $1"
	else
		fail "data was right until the end $1" "$(cat /tmp/load)"
	fi
}

# works WHEN: the disk is there, and has requests
works()
{
	check "there is a disk $1" wait_for 10 blk_vars "$UUID" || return
	blk_vars "$UUID"
	if load_start; then
		pass "it has requests $1"
	else
		fail "it has requests $1" "$(cat /tmp/load)"
	fi
}

no_disk()
{
	! disk_of "$UUID"
}

modprobe virtio_blk
check "mvblk can be loaded" modprobe mvblk queues=2 || exit 1
truncate -s 32M $IMAGE

for type in ram64m file; do
	UUID=$(new_uuid)
	check "$type: an instance can be created" \
		create_blk virtio $type "$UUID" || continue
	DIR=$(instance "$UUID")
	[ $type != file ] || check "$type: it gets a file" \
		put $IMAGE "$DIR/backing"

	works "of $type"
	vdev=$(virtio_of "$UUID")
	check "$type: virtio-blk can be unbound" put "$vdev" $VIRTIO_BLK/unbind
	load_over "of $type"
	check "$type: the disk is gone" wait_for 5 no_disk
	check "$type: virtio-blk can be bound again" put "$vdev" $VIRTIO_BLK/bind

	works "of $type, bound again"
	check "$type: virtio_mdev can be unbound" put "$UUID" $VIRTIO_MDEV/unbind
	load_over "of $type, bound again"
	check_equal "$type: the instance is unbound" unbound "$(state_of "$UUID")"
	check "$type: virtio_mdev can be bound again" put "$UUID" $VIRTIO_MDEV/bind

	works "of $type, with virtio_mdev again"
	check "$type: the instance can be removed" remove_mdev "$UUID"
	load_over "of $type, removed"
	check "$type: it is gone" test ! -e "$(instance "$UUID")"
done

UUID=$(new_uuid)
check "another can be created" create_blk virtio ram64m "$UUID"
works "on another instance"
check_errno "the parent cannot be unloaded" EAGAIN rmmod mvblk
check_errno "nor can virtio_mdev" EAGAIN rmmod virtio_mdev
check "the instance can be removed under load" remove_mdev "$UUID"
load_over "without the instance"
check "then the parent can be unloaded" rmmod mvblk
rm -f $IMAGE
blk_down
