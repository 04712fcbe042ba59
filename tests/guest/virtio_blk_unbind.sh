#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# expect-log: I/O error, dev vd|Buffer I/O error on dev vd
#
# Drivers are unbound and instances removed while there are requests.
. /tests/lib.sh
. /tests/lib-blk.sh

VIRTIO_MDEV=/sys/bus/mdev_class/drivers/virtio_mdev
IMAGE=/tmp/image
cd /tmp || exit 1

# load_start: send requests without end, on two queues
load_start()
{
	before=$(vq_sum "$UUID" chains)
	blkop stress -e -t 4 "$DEV" >/tmp/load 2>&1 &
	LOAD=$!
	wait_for 20 load_runs
}

load_runs()
{
	[ "$(vq_sum "$UUID" chains)" -gt $((before + 200)) ]
}

# load_over WHEN: what was written was read back, until requests failed
load_over()
{
	if wait "$LOAD"; then
		pass "$1: data is right until the disk goes"
	else
		fail "$1: data is right until the disk goes" "$(cat /tmp/load)"
	fi
}

# check_disk_works WHEN: the disk exists and serves requests
check_disk_works()
{
	check "$1: there is a disk" wait_for 10 blk_vars "$UUID" || return
	blk_vars "$UUID"
	if load_start; then
		pass "$1: the disk serves requests"
	else
		fail "$1: the disk serves requests" "$(cat /tmp/load)"
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
	[ $type != file ] || check "$type: the instance can be given a file" \
		put $IMAGE "$DIR/backing"

	check_disk_works "$type"
	vdev=$(virtio_of "$UUID")
	check "$type: virtio-blk can be unbound" put "$vdev" $VIRTIO_BLK/unbind
	load_over "$type, virtio-blk unbound"
	check "$type: the disk is gone after virtio-blk was unbound" \
		wait_for 5 no_disk
	check "$type: virtio-blk can be bound again" put "$vdev" $VIRTIO_BLK/bind

	check_disk_works "$type, virtio-blk bound again"
	check "$type: virtio_mdev can be unbound" put "$UUID" $VIRTIO_MDEV/unbind
	load_over "$type, virtio_mdev unbound"
	check_equal "$type: the instance is unbound after virtio_mdev was unbound" \
		unbound "$(state_of "$UUID")"
	check "$type: virtio_mdev can be bound again" put "$UUID" $VIRTIO_MDEV/bind

	check_disk_works "$type, virtio_mdev bound again"
	check "$type: the instance can be removed under load" \
		remove_mdev "$UUID"
	load_over "$type, instance removed"
	check "$type: the removed instance is gone from sysfs" \
		test ! -e "$(instance "$UUID")"
done

UUID=$(new_uuid)
check "another instance can be created" create_blk virtio ram64m "$UUID"
check_disk_works "another instance"
check_errno "mvblk cannot be unloaded under load" EAGAIN rmmod mvblk
check_errno "virtio_mdev cannot be unloaded under load" EAGAIN rmmod virtio_mdev
check "the instance can be removed under load" remove_mdev "$UUID"
load_over "another instance, removed"
check "mvblk can be unloaded after its last instance was removed" rmmod mvblk
rm -f $IMAGE
blk_down
