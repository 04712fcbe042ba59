#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# mvblk on block devices that take requests without waiting, so that whoever kicks serves
# the queue.
. /tests/lib.sh
. /tests/lib-blk.sh
. /tests/lib-lower.sh

cd /tmp || exit 1
UUID=$(new_uuid)
MIB=$((1024 * 1024))

lower_up
modprobe vfio_iommu_type1
check "mvblk can be loaded" modprobe mvblk || exit 1

# --- one that answers at once --------------------------------------------------

# worker_switches: how often the thread of the first virtqueue has gone to sleep
worker_switches()
{
	_name=mvblk-$(echo "$UUID" | cut -c 1-6)-0
	for _task in /proc/[0-9]*; do
		IFS= read -r _comm <"$_task/comm" && [ "$_comm" = "$_name" ] &&
			awk '$1 == "voluntary_ctxt_switches:" { print $2 }' \
				"$_task/status"
	done 2>/dev/null
}

check "a disk that answers at once can be made" \
	null_up quick 64 memory_backed=0 irqmode=0 || exit 1
QUICK=$(null_dev quick)
put none "/sys/block/$(basename "$QUICK")/queue/scheduler"
blk_up bdev "$UUID" || exit 1
check "a disk can lie on one that answers at once" put "$QUICK" "$DIR/backing"
wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
before=$(worker_switches)
check "a disk on one that answers at once can be read" \
	dd if="$DEV" of=/dev/null bs=4k count=100 iflag=direct
# The thread sees one of 256 requests.
check "small reads of a disk that answers at once are served without the thread" \
	test $(($(worker_switches) - before)) -lt 30
put mq-deadline "/sys/block/$(basename "$QUICK")/queue/scheduler"
check "a disk on one with a scheduler can be read" \
	dd if="$DEV" of=/dev/null bs=4k count=100 iflag=direct
check_equal "no request to the disk that answers at once failed" \
	0 "$(vq_sum "$UUID" drops)"
check "the disk on one that answers at once can be removed" remove_mdev "$UUID"
null_down quick

# --- one that keeps data -------------------------------------------------------

RAM=$(new_uuid)
blk_up ram64m "$RAM" || exit 1
FAST=$DEV
put none "/sys/block/$DISK/queue/scheduler"
blk_up bdev "$UUID" || exit 1
check "a disk can lie on a disk in RAM" put "$FAST" "$DIR/backing"
wait_for 10 size_is "$UUID" $((64 * MIB))
blk_vars "$UUID"
random_file one 4
check "4 MiB can be written to a disk on a disk in RAM" \
	put_range one 0 $((4 * MIB))
check "4 MiB on a disk on a disk in RAM read back" same one
check "four threads write and read a disk on a disk in RAM" \
	blkop stress -t 4 -n 100 "$DEV"
check_equal "no request to the disk on a disk in RAM failed" \
	0 "$(vq_sum "$UUID" drops)"
check "the disk on a disk in RAM can be removed" remove_mdev "$UUID"
check "a disk of class VHOST on one in RAM can be created" \
	create_blk vhost bdev "$UUID"
check "a disk of class VHOST can lie on one in RAM" \
	put "$FAST" "$INSTANCES/$UUID/backing"
check "a program writes and reads all kinds of data on a disk in RAM" \
	user-blk "$UUID" data
check "data that cannot be pinned is served on a disk in RAM" \
	user-blk "$UUID" memlock
check_equal "no page stays pinned for a disk on one in RAM" 0 "$(pinned_pages)"
check "the disk of class VHOST on one in RAM can be removed" remove_mdev "$UUID"
check "the disk in RAM can be removed" remove_mdev "$RAM"

blk_down
rm -f one
