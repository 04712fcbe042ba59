// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: the user takes pages away.
 */

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mem_vfio.h"

/**
 * DOC: unmapping under a data path
 *
 * When a user unmaps memory that is pinned, VFIO's type1 backend calls
 * dma_unmap of every device in the container with its device_list_lock held,
 * takes its iommu lock and looks whether any pin is left.  If so it calls
 * again; what it finds after the eleventh call is a bug in its eyes, and stops
 * the machine.  Three things follow.
 *
 * *dma_unmap must not unpin by itself.*  vfio_unpin_pages() takes the iommu
 * lock, and elsewhere type1 takes the two locks in the other order: with a
 * second thread that unmaps, or opens a device, both would wait for ever.  A
 * work item of the instance unpins, and dma_unmap waits for it.
 *
 * *It cannot wait for ever either*, for the same reason: the worker may be
 * waiting for the iommu lock, whose owner waits for the device_list_lock.
 * Returning resolves that, because type1 lets go of both between two calls.
 * The first call waits for 10 ms and each one for twice as long as that before,
 * so that a worker that is merely slow, on a machine with too much to do, gets
 * five seconds in the first nine calls.  In the tenth nothing is left to be lost:
 * the eleventh is for an instance that joined late and counts one too few.  It is
 * calls that count and not time, for type1's locks may have been somebody else's
 * for long.
 *
 * *Nothing may be pinned there again in the meantime.*  Type1 makes all of these
 * calls, and looks after each, in the task that is in the unmap ioctl.  So the
 * first call begins a hold of the range, which ends with a task work: when that
 * task is on its way back to user mode, be it after a moment or, if the user
 * found a way to stall it, after an hour.  Until then data is copied by
 * vfio_dma_rw(), and who wants to map a ring there has to wait.  Those who are
 * pinning at the moment of the call are told to undo it, and waited for.  See
 * mem_hold.c.
 *
 * That leaves an instance which is opened in the same container while type1 is
 * between two calls: it hears of the unmap by the next of them, and may have
 * pinned something until then.  Each can cost type1 one call, once, and only if
 * its user sets it up before a task runs that is about to look.  It takes ten
 * instances, all opened in that moment of the same ioctl, to do harm.  Closing
 * and opening one again does not do: closing waits for the unmaps that the device
 * was told of.
 *
 * Copying is cheaper than all of this to a user who goes on unmapping what is
 * pinned.  So after an unmap of pinned data no data is pinned for a moment.
 */

/* Milliseconds that the first call waits, and the call that waits for good */
#define VHOST_MEM_WAIT_MS	10
#define VHOST_MEM_LAST_CALL	10

/*
 * For how long data is copied after an unmap of pinned data.  An unmap that has
 * to have something unpinned takes a fraction of a millisecond, so this bounds
 * what it costs to some per cent; and who unmaps now and then does not notice.
 */
#define VHOST_MEM_COPY_SPAN	(10 * NSEC_PER_MSEC)

/* Of two stamps the later is larger, however fast the one follows the other. */
u64 vhost_mem_stamp(struct vhost_mem_vfio *vm)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	vm->stamp = max_t(u64, vm->stamp + 1, ktime_get_ns());
	return vm->stamp;
}

/* May data be pinned in a range now? */
bool vhost_mem_may_pin(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	return !vm->limited && ktime_get_ns() >= vm->copy_until &&
	       !vhost_mem_held(vm, first, last);
}

/* ---- the end of pins ---- */

/*
 * What is pinned for data in a range ends now.  Takes the lock in turns.
 * Returns whether there was anything.
 */
static bool vhost_mem_kill_pages(struct vhost_mem_vfio *vm, unsigned long first,
				 unsigned long last, u64 stamp)
{
	XA_STATE(xas, &vm->pages, first);
	bool found = false;
	unsigned int n = 0;
	void *entry;

	xas_lock(&xas);
	xas_for_each(&xas, entry, last) {
		if (vhost_mem_entry_state(entry) != VHOST_MEM_DEAD) {
			/* Replaces an entry, so that it needs no memory. */
			xas_store(&xas, vhost_mem_entry(VHOST_MEM_DEAD, stamp));
			xas_set_mark(&xas, VHOST_MEM_DYING);
			/* Under the lock, so before the worker may wait. */
			mdev_mem_forget(&vm->mem);
			found = true;
		}
		if (++n % XA_CHECK_SCHED)
			continue;
		xas_pause(&xas);
		xas_unlock(&xas);
		cond_resched();
		xas_lock(&xas);
	}
	xas_unlock(&xas);
	return found;
}

void vhost_mem_kill_ring(struct vhost_mem_ring *ring, u64 stamp)
{
	ring->died = stamp;
	if (ring->map)
		WRITE_ONCE(ring->map->dead, true);
}

/*
 * Tell the users of rings that ended at @stamp: after all of them have, so that
 * who comes to look sees each.
 */
void vhost_mem_invalidate_rings(struct vhost_mem_vfio *vm, u64 stamp)
{
	struct vhost_mem_ring *ring;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(ring, &vm->rings, node)
		if (ring->died == stamp && ring->map && ring->map->invalidate)
			ring->map->invalidate(ring->map);
}

/*
 * Find pages next to each other that ended before @cut.  Returns how many, and
 * where they begin.
 */
static unsigned int vhost_mem_dying_run(struct vhost_mem_vfio *vm, u64 cut,
					unsigned long *first)
{
	XA_STATE(xas, &vm->pages, *first);
	unsigned int n = 0;
	void *entry;

	xas_lock(&xas);
	xas_for_each_marked(&xas, entry, ULONG_MAX, VHOST_MEM_DYING) {
		if (vhost_mem_entry_val(entry) >= cut) {
			if (n)
				break;
			continue;
		}
		if (!n)
			*first = xas.xa_index;
		else if (xas.xa_index != *first + n)
			break;
		if (++n == VFIO_PIN_PAGES_MAX_ENTRIES)
			break;
	}
	xas_unlock(&xas);
	return n;
}

static void vhost_mem_unpin_pages(struct vhost_mem_vfio *vm, u64 cut)
{
	unsigned long first = 0;
	unsigned int n;

	while ((n = vhost_mem_dying_run(vm, cut, &first))) {
		XA_STATE(xas, &vm->pages, first);
		void *entry;

		vfio_unpin_pages(vm->vdev, (u64)first << PAGE_SHIFT, n);
		/* Not before, for an unmap takes what is in here for pinned. */
		xas_lock(&xas);
		xas_for_each(&xas, entry, first + n - 1)
			xas_store(&xas, NULL);
		xas_unlock(&xas);

		first += n;
		wake_up_all(&vm->drained);
		cond_resched();
	}
}

static struct vhost_mem_ring *vhost_mem_dying_ring(struct vhost_mem_vfio *vm,
						   u64 cut)
{
	struct vhost_mem_ring *ring;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry(ring, &vm->rings, node)
		if (ring->died && ring->died < cut)
			return ring;
	return NULL;
}

static void vhost_mem_unpin_rings(struct vhost_mem_vfio *vm, u64 cut)
{
	struct vhost_mem_ring *ring;

	vhost_mem_lock(vm);
	while ((ring = vhost_mem_dying_ring(vm, cut))) {
		/* It stays in the list, where an unmap takes it for pinned. */
		vhost_mem_unlock(vm);
		vunmap(ring->vmapped);
		vhost_mem_unpin_range(vm, ring->first,
				      vhost_mem_ring_pages(ring));
		vhost_mem_lock(vm);
		list_del(&ring->node);
		if (ring->map)
			ring->map->priv = NULL;
		kfree(ring);
		wake_up_all(&vm->drained);
	}
	vhost_mem_unlock(vm);
}

/* Unpin all that ended before this began, and that no reader can see. */
void vhost_mem_unpin_work(struct work_struct *work)
{
	struct vhost_mem_vfio *vm =
		container_of(work, struct vhost_mem_vfio, unpin);
	u64 cut;

	vhost_mem_lock(vm);
	cut = vhost_mem_stamp(vm);
	vhost_mem_unlock(vm);

	/* An unmap waits for this, and with it the user. */
	synchronize_srcu_expedited(&vm->srcu);

	vhost_mem_unpin_rings(vm, cut);
	vhost_mem_unpin_pages(vm, cut);
}

/* ---- unmap ---- */

/* Nothing in a range is about to be unpinned. */
static bool vhost_mem_drained(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	XA_STATE(xas, &vm->pages, first >> PAGE_SHIFT);
	struct vhost_mem_ring *ring;
	struct vhost_mem_pin *pin;
	bool drained;

	vhost_mem_lock(vm);
	drained = !xas_find_marked(&xas, last >> PAGE_SHIFT, VHOST_MEM_DYING);
	list_for_each_entry(pin, &vm->pins, node)
		if (pin->died &&
		    vhost_mem_overlap(first, last, pin->first, pin->last))
			drained = false;
	list_for_each_entry(ring, &vm->rings, node)
		if (ring->died &&
		    vhost_mem_overlap(first, last, ring->first, ring->last))
			drained = false;
	vhost_mem_unlock(vm);
	return drained;
}

/*
 * Unpin all that is pinned for data, and the rings that were unmapped before.
 * With @limited no more is pinned until the next reset.
 */
void vhost_mem_unpin_data(struct vhost_mem_vfio *vm, bool limited)
{
	u64 stamp;

	vhost_mem_lock(vm);
	stamp = vhost_mem_stamp(vm);
	vm->limited = limited;
	vhost_mem_unlock(vm);

	vhost_mem_kill_pages(vm, 0, ULONG_MAX, stamp);
	/* Each reset comes here, and mostly there is nothing: spare the worker. */
	if (vhost_mem_drained(vm, 0, U64_MAX))
		return;
	queue_work(vm->wq, &vm->unpin);
	/*
	 * Not flush_work(): that does not see a work item which dma_unmap, on
	 * another CPU, is about to queue, and which queue_work() found pending.
	 */
	wait_event(vm->drained, vhost_mem_drained(vm, 0, U64_MAX));
}

static void vhost_mem_wait_drained(struct vhost_mem_vfio *vm, u64 first,
				   u64 last, unsigned int call)
{
	unsigned int ms = VHOST_MEM_WAIT_MS;

	if (call < VHOST_MEM_LAST_CALL) {
		wait_event_timeout(vm->drained,
				   vhost_mem_drained(vm, first, last),
				   msecs_to_jiffies(ms << (call - 1)));
		return;
	}
	while (!wait_event_timeout(vm->drained,
				   vhost_mem_drained(vm, first, last), 10 * HZ))
		dev_warn(vm->dev,
			 "still waiting for memory to be unpinned: %#llx-%#llx\n",
			 first, last);
}

/**
 * vhost_mem_vfio_unmap() - the user takes memory away
 * @vm: the memory
 * @iova: beginning, page aligned
 * @len: length in bytes
 *
 * Called by VFIO, which holds a lock that the unpinning may need; see above.
 */
void vhost_mem_vfio_unmap(struct vhost_mem_vfio *vm, u64 iova, u64 len)
{
	u64 first = iova, last = iova + len - 1, stamp;
	struct vhost_mem_ring *ring;
	struct vhost_mem_pin *pin;
	unsigned int call;

	if (!len)
		return;

	/* From here on nobody begins to pin. */
	call = vhost_mem_hold(vm, first, last);

	vhost_mem_lock(vm);
	stamp = vhost_mem_stamp(vm);
	list_for_each_entry(pin, &vm->pins, node)
		if (!pin->died &&
		    vhost_mem_overlap(first, last, pin->first, pin->last))
			pin->died = stamp;
	list_for_each_entry(ring, &vm->rings, node)
		if (!ring->died &&
		    vhost_mem_overlap(first, last, ring->first, ring->last))
			vhost_mem_kill_ring(ring, stamp);
	vhost_mem_invalidate_rings(vm, stamp);
	vhost_mem_unlock(vm);

	/* The lock may be let go of in between: nothing is added any more. */
	if (vhost_mem_kill_pages(vm, first >> PAGE_SHIFT, last >> PAGE_SHIFT,
				 stamp)) {
		vhost_mem_lock(vm);
		vm->copy_until = stamp + VHOST_MEM_COPY_SPAN;
		vhost_mem_unlock(vm);
	}
	queue_work(vm->wq, &vm->unpin);
	vhost_mem_wait_drained(vm, first, last, call);
}
