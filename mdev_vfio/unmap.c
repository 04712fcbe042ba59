// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: the user takes pages away.
 */

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "hold.h"
#include "mem.h"
#include "pin.h"
#include "run.h"

/**
 * DOC: unmapping under a data path
 *
 * When a user unmaps memory that is pinned, VFIO's type1 backend calls dma_unmap
 * of every device in the container with its device_list_lock held, takes its
 * iommu lock and looks whether any pin is left.  If so it calls again; what it
 * finds after the eleventh call is a bug in its eyes, and stops the machine.
 * Four things follow.
 *
 * *dma_unmap must not unpin by itself.*  vfio_unpin_pages() takes the iommu
 * lock, and elsewhere type1 takes the two locks in the other order: with a
 * second thread that unmaps, or opens a device, both would wait for ever.  Works
 * of the instance unpin, and dma_unmap waits for them.
 *
 * *It cannot wait for ever either*, for the same reason: the works may be
 * waiting for the iommu lock, whose owner waits for the device_list_lock.
 * Returning resolves that, because type1 lets go of both between two calls.
 * The first call waits for 10 ms and each one for twice as long as that before.
 * The last one waits without a limit.  It is calls that count and not time,
 * because type1's locks may have been somebody else's for long.
 *
 * *Nothing may be pinned there again in the meantime.*  Type1 makes all of these
 * calls, and looks after each, in the task that is in the unmap ioctl.  So the
 * first call begins a hold of the range, which ends with a task work: when that
 * task is on its way back to user mode.  Until then data is copied (copy.c), and
 * a ring there cannot be mapped.  Those who are pinning at the
 * moment of the call are told to undo it, and waited for.  Type1 recognises a
 * mapping by a pointer, which may belong to another mapping by the next time.
 * So if the first calls did not do, the hold is of all memory, and all data is
 * unpinned: after that no mapping can have a pin that it did not have before.
 * See hold.c.
 *
 * *What has to be unpinned is bounded.*  With many tasks that unmap the works get
 * the iommu lock a few times only in all of the calls.  So there is a limit to the
 * number of runs (data.c), and if there are several tasks, or the first call was
 * not enough, all of them are unpinned at the same time (run.c).
 *
 * What remains: while one thread of the user keeps type1's iommu lock, for
 * instance in a map ioctl of memory that a FUSE server does not deliver, nothing
 * is unpinned, and an unmap, a reset or a close of the same user waits.
 *
 * An iommufd needs none of that.  It calls dma_unmap without a lock that the
 * works need, and pins nothing more in a range before it does.  But it takes the
 * return for the end: when the device is detached from the address space it calls
 * once, and then lets go of the pages, whether pinned or not.  So that call waits
 * without a limit, and no range is held.
 *
 * Copying is cheaper than all of this to a user who goes on unmapping what is
 * pinned.  So after an unmap of pinned data no data is pinned for a moment.
 */

/* Milliseconds that the first call waits, and the call that waits for good */
#define MDEV_VFIO_WAIT_MS	10
#define MDEV_VFIO_LAST_CALL	11

/*
 * For how long data is copied after an unmap of pinned data.  An unmap that has
 * to have something unpinned takes a fraction of a millisecond, so this bounds
 * what it costs to some per cent; and whoever unmaps now and then does not notice.
 */
#define MDEV_VFIO_COPY_SPAN	(10 * NSEC_PER_MSEC)

static void mdev_vfio_wait_drained(struct mdev_vfio_mem *vm, u64 first,
				   u64 last, unsigned int call)
{
	unsigned int ms = MDEV_VFIO_WAIT_MS;

	if (!vm->iommufd && call < MDEV_VFIO_LAST_CALL) {
		wait_event_timeout(vm->drained,
				   mdev_vfio_drained(vm, first, last),
				   msecs_to_jiffies(ms << (call - 1)));
		return;
	}
	while (!wait_event_timeout(vm->drained,
				   mdev_vfio_drained(vm, first, last), 10 * HZ))
		dev_warn(vm->dev,
			 "still waiting for memory to be unpinned: %#llx-%#llx\n",
			 first, last);
}

/**
 * mdev_vfio_mem_unmap() - the user takes memory away
 * @vm: the memory
 * @iova: beginning, page aligned
 * @len: length in bytes
 *
 * VFIO calls it.  Type1 holds a lock then that the unpinning may need; see above.
 */
void mdev_vfio_mem_unmap(struct mdev_vfio_mem *vm, u64 iova, u64 len)
{
	u64 first = iova, last = iova + len - 1;
	unsigned int call = 0;

	if (!len)
		return;

	/* From here on nobody begins to pin. */
	if (!vm->iommufd)
		call = mdev_vfio_hold(vm, first, last);

	mdev_vfio_lock(vm);
	mdev_vfio_kill_rings(vm, first, last);
	/* Of what is not unmapped only the virtqueues stay. */
	if (call >= MDEV_VFIO_HOLD_ALL) {
		first = 0;
		last = U64_MAX;
	}
	mdev_vfio_kill_pins(vm, first, last);
	mdev_vfio_unlock(vm);

	/* The lock may be let go of in between: nothing is added any more. */
	if (mdev_vfio_kill_data(vm, first, last)) {
		mdev_vfio_lock(vm);
		vm->copy_until = ktime_get_ns() + MDEV_VFIO_COPY_SPAN;
		mdev_vfio_unlock(vm);
	}
	queue_work(vm->wq, &vm->unpin);
	if (call > 1)
		mdev_vfio_unpin_hurry(vm);
	mdev_vfio_wait_drained(vm, first, last, call);
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_unmap);
