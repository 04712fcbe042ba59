// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: the user unmaps pages.
 */

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "hold.h"
#include "mem.h"
#include "pin.h"
#include "run.h"
#include "trace.h"

/**
 * DOC: unmapping under a data path
 *
 * When a user unmaps memory that is pinned, VFIO's type1 backend calls dma_unmap
 * of every device in the container with its device_list_lock held, takes its
 * iommu lock and checks whether any pin is left.  If so, it calls again.  A pin
 * that is left after the eleventh call triggers a BUG_ON(), which stops the
 * machine.  Four things follow.
 *
 * *dma_unmap must not unpin by itself.*  vfio_unpin_pages() takes the iommu
 * lock, and elsewhere type1 takes the two locks in the other order: with a
 * second thread that unmaps, or opens a device, both would wait for ever.  Works
 * of the instance unpin, and dma_unmap waits for them.
 *
 * *It cannot wait for ever either*, for the same reason: the works may be
 * waiting for the iommu lock, whose owner waits for the device_list_lock.
 * Returning resolves that, because type1 drops both between two calls.  The first
 * call waits for 10 ms, and each further one for twice as long as the one before.
 * The last one waits without a limit.  Calls are counted, and not time, because
 * another task may have held type1's locks for long.
 *
 * *Nothing may be pinned there again in the meantime.*  Type1 makes all of these
 * calls, and checks after each, in the task that is in the unmap ioctl.  So the
 * first call begins a hold of the range.  A task work ends it when that task
 * returns to user mode.  Until then data is copied (copy.c), and a ring there
 * cannot be mapped.  Tasks that are pinning at the moment of the call are told to
 * undo it, and waited for.  Type1 recognises a mapping by a pointer, which may
 * belong to another mapping by the next time.  So if the first calls were not
 * enough, the hold is extended to all memory, and all data is unpinned: after that
 * no mapping can have a pin that it did not have before.  See hold.c.
 *
 * *What has to be unpinned is bounded.*  If many tasks unmap, the works get the
 * iommu lock only a few times during all of the calls.  So the number of runs is
 * limited (data.c), and if there are several such tasks, or the first call was not
 * enough, all runs are unpinned at the same time (run.c).
 *
 * One limitation remains: while a thread of the user keeps type1's iommu lock, for
 * instance in a map ioctl of memory that a FUSE server does not deliver, nothing
 * is unpinned, and an unmap, a reset or a close of the same user waits.
 *
 * An iommufd needs none of that.  It calls dma_unmap without a lock that the
 * works need, and pins nothing more in a range before it does.  But it relies on
 * the pages being unpinned when the call returns: when the device is detached from
 * the address space, it calls once and then releases the pages, whether pinned or
 * not.  So that call waits without a limit, and no range is held.
 *
 * For a user that keeps unmapping pinned memory, copying is cheaper than all of
 * this.  So after an unmap of pinned data no data is pinned for a moment.
 */

/* Milliseconds that the first call waits; number of the call that has no limit */
#define MDEV_VFIO_WAIT_MS	10
#define MDEV_VFIO_LAST_CALL	11

/*
 * For how long data is copied after an unmap of pinned data.  An unmap that has
 * something to unpin takes a fraction of a millisecond, so this limits its cost to
 * a few per cent, and a user that unmaps now and then does not notice the copying.
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
 * mdev_vfio_mem_unmap() - the user unmaps memory
 * @vm: the memory
 * @iova: beginning, page aligned
 * @len: length in bytes
 *
 * VFIO calls this.  Type1 holds a lock that unpinning may need; see above.
 */
void mdev_vfio_mem_unmap(struct mdev_vfio_mem *vm, u64 iova, u64 len)
{
	u64 first = iova, last = iova + len - 1, begin = ktime_get_ns();
	unsigned int call = 0;

	if (!len)
		return;

	/* From here on nobody begins to pin. */
	if (!vm->iommufd)
		call = mdev_vfio_hold(vm, first, last);

	mdev_vfio_lock(vm);
	mdev_vfio_kill_rings(vm, first, last);
	/* Now unpin everything except virtqueues outside of the range. */
	if (call >= MDEV_VFIO_HOLD_ALL) {
		first = 0;
		last = U64_MAX;
	}
	mdev_vfio_kill_pins(vm, first, last);
	mdev_vfio_unlock(vm);

	/* The lock may be dropped in between, because nothing is added any more. */
	if (mdev_vfio_kill_data(vm, first, last)) {
		mdev_vfio_lock(vm);
		vm->copy_until = ktime_get_ns() + MDEV_VFIO_COPY_SPAN;
		mdev_vfio_unlock(vm);
	}
	queue_work(vm->wq, &vm->unpin);
	if (call > 1)
		mdev_vfio_unpin_hurry(vm);
	mdev_vfio_wait_drained(vm, first, last, call);
	trace_mdev_vfio_unmap(vm->dev, iova, len, call, ktime_get_ns() - begin);
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_unmap);
