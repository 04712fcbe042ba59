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
 * Each call waits for as long as the oldest pin has been about to go already,
 * and for 10 ms at least.  That doubles the time with each call, so that a worker
 * that is merely slow, on a machine with too much to do, gets five seconds in
 * the first ten calls.  In the eleventh nothing is left to be lost.
 *
 * *Nothing may be pinned there again in the meantime.*  From the first call on
 * there is a hold-off for the range, long enough for type1 to find it empty:
 * data is copied by vfio_dma_rw(), and who wants to map a ring there has to
 * wait.  Those who are pinning at the moment of the call are told to undo it,
 * and waited for.
 *
 * A user who goes on unmapping what is pinned gets longer hold-offs: copying
 * is cheaper than all of this.
 */

/*
 * The shortest wait in dma_unmap, and the age from when on it waits for good:
 * 10 ms << 9, which is reached by the eleventh call and not before.
 */
#define VHOST_MEM_WAIT_MIN	(10 * NSEC_PER_MSEC)
#define VHOST_MEM_WAIT_ALL	(VHOST_MEM_WAIT_MIN << 9)

/*
 * How long nothing is pinned after an unmap, in the beginning and at last.  Who
 * maps a ring waits that long, who uses data has another way.
 */
#define VHOST_MEM_SPAN_MIN	NSEC_PER_SEC

static const u64 vhost_mem_span_max[] = {
	[VHOST_MEM_RING] = 2 * NSEC_PER_SEC,
	[VHOST_MEM_DATA] = 16 * NSEC_PER_SEC,
};

/* Of two stamps the later is larger, however fast the one follows the other. */
u64 vhost_mem_stamp(struct vhost_mem_vfio *vm)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	vm->stamp = max_t(u64, vm->stamp + 1, ktime_get_ns());
	return vm->stamp;
}

static bool vhost_mem_overlap(u64 first, u64 last, u64 first2, u64 last2)
{
	return first <= last2 && first2 <= last;
}

/* ---- hold-off ---- */

/* How much larger a hold-off becomes if it has to cover another range too */
static u64 vhost_mem_hold_growth(const struct vhost_mem_hold *hold, u64 first,
				 u64 last)
{
	return (hold->first - min(hold->first, first)) +
	       (max(hold->last, last) - hold->last);
}

static u64 vhost_mem_hold_end(const struct vhost_mem_hold *hold)
{
	return max(hold->until[VHOST_MEM_RING], hold->until[VHOST_MEM_DATA]);
}

/*
 * The place for a new hold-off: that of the same range, or one that is over.
 * If all go on, a user unmaps a lot at once; then widen the one that grows
 * least.
 */
static struct vhost_mem_hold *
vhost_mem_hold_place(struct vhost_mem_vfio *vm, u64 first, u64 last, u64 now)
{
	struct vhost_mem_hold *best = vm->holds, *h;

	for (h = vm->holds; h < vm->holds + VHOST_MEM_HOLDS; h++)
		if (h->first == first && h->last == last)
			return h;

	for (h = vm->holds; h < vm->holds + VHOST_MEM_HOLDS; h++)
		if (vhost_mem_hold_end(h) < now) {
			h->first = first;
			h->last = last;
			return h;
		}

	for (h = vm->holds; h < vm->holds + VHOST_MEM_HOLDS; h++)
		if (vhost_mem_hold_growth(h, first, last) <
		    vhost_mem_hold_growth(best, first, last))
			best = h;
	best->first = min(best->first, first);
	best->last = max(best->last, last);
	return best;
}

/* Begin a hold-off, or make one that there is last until later. */
static void vhost_mem_hold(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	u64 now = ktime_get_ns();
	struct vhost_mem_hold *h;
	unsigned int kind;

	lockdep_assert_held(&vm->pages.xa_lock);
	h = vhost_mem_hold_place(vm, first, last, now);
	for (kind = 0; kind < VHOST_MEM_KINDS; kind++)
		h->until[kind] = now + max_t(u64, vm->spans[kind].len,
					     VHOST_MEM_SPAN_MIN);
}

/* An unmap came across something pinned. */
static void vhost_mem_killed(struct vhost_mem_vfio *vm, enum vhost_mem_kind kind,
			     u64 now)
{
	struct vhost_mem_span *span = &vm->spans[kind];

	lockdep_assert_held(&vm->pages.xa_lock);
	if (now > span->killed + 4 * span->len)
		span->len = VHOST_MEM_SPAN_MIN;
	else if (now > span->grows)
		span->len = min(2 * span->len, vhost_mem_span_max[kind]);
	span->killed = now;
	span->grows = now + span->len;
}

/* Nanoseconds for which nothing may be pinned in a range, 0 if it may */
u64 vhost_mem_held(struct vhost_mem_vfio *vm, enum vhost_mem_kind kind,
		   u64 first, u64 last)
{
	u64 now = ktime_get_ns(), left = 0;
	struct vhost_mem_hold *h;

	lockdep_assert_held(&vm->pages.xa_lock);
	for (h = vm->holds; h < vm->holds + VHOST_MEM_HOLDS; h++)
		if (h->until[kind] > now &&
		    vhost_mem_overlap(first, last, h->first, h->last))
			left = max(left, h->until[kind] - now);
	return left;
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

/* Since when something in a range is about to be unpinned; 0 if nothing is */
static u64 vhost_mem_dying_since(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	XA_STATE(xas, &vm->pages, first >> PAGE_SHIFT);
	struct vhost_mem_ring *ring;
	struct vhost_mem_pin *pin;
	u64 since = U64_MAX;
	void *entry;

	vhost_mem_lock(vm);
	list_for_each_entry(pin, &vm->pins, node)
		if (pin->died &&
		    vhost_mem_overlap(first, last, pin->first, pin->last))
			since = min(since, pin->died);
	list_for_each_entry(ring, &vm->rings, node)
		if (ring->died &&
		    vhost_mem_overlap(first, last, ring->first, ring->last))
			since = min(since, ring->died);
	/* All pages of a range end at the same time, so that any will do. */
	entry = xas_find_marked(&xas, last >> PAGE_SHIFT, VHOST_MEM_DYING);
	if (entry)
		since = min_t(u64, since, vhost_mem_entry_val(entry));
	vhost_mem_unlock(vm);
	return since == U64_MAX ? 0 : since;
}

static bool vhost_mem_drained(struct vhost_mem_vfio *vm, u64 first, u64 last)
{
	return !vhost_mem_dying_since(vm, first, last);
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
	queue_work(vm->wq, &vm->unpin);
	/*
	 * Not flush_work(): that does not see a work item which dma_unmap, on
	 * another CPU, is about to queue, and which queue_work() found pending.
	 */
	wait_event(vm->drained, vhost_mem_drained(vm, 0, U64_MAX));
}

static void vhost_mem_wait_drained(struct vhost_mem_vfio *vm, u64 first,
				   u64 last)
{
	u64 since, age;

	while ((since = vhost_mem_dying_since(vm, first, last))) {
		age = ktime_get_ns() - since;
		if ((s64)age < (s64)VHOST_MEM_WAIT_ALL) {
			age = max_t(s64, age, VHOST_MEM_WAIT_MIN);
			wait_event_timeout(vm->drained,
					   vhost_mem_drained(vm, first, last),
					   nsecs_to_jiffies(age) + 1);
			return;
		}
		if (!wait_event_timeout(vm->drained,
					vhost_mem_drained(vm, first, last),
					10 * HZ))
			dev_warn(vm->dev,
				 "still waiting for memory to be unpinned: %#llx-%#llx\n",
				 first, last);
	}
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
	bool found;

	if (!len)
		return;

	vhost_mem_lock(vm);
	stamp = vhost_mem_stamp(vm);
	vhost_mem_hold(vm, first, last);
	list_for_each_entry(pin, &vm->pins, node)
		if (!pin->died &&
		    vhost_mem_overlap(first, last, pin->first, pin->last)) {
			pin->died = stamp;
			vhost_mem_killed(vm, pin->kind, stamp);
		}
	list_for_each_entry(ring, &vm->rings, node)
		if (!ring->died &&
		    vhost_mem_overlap(first, last, ring->first, ring->last)) {
			vhost_mem_kill_ring(ring, stamp);
			vhost_mem_killed(vm, VHOST_MEM_RING, stamp);
		}
	vhost_mem_invalidate_rings(vm, stamp);
	vhost_mem_unlock(vm);

	/* The lock may be let go of in between: nothing is added any more. */
	found = vhost_mem_kill_pages(vm, first >> PAGE_SHIFT,
				     last >> PAGE_SHIFT, stamp);
	queue_work(vm->wq, &vm->unpin);
	vhost_mem_wait_drained(vm, first, last);

	/* Count from here, where type1 goes on to look. */
	vhost_mem_lock(vm);
	if (found)
		vhost_mem_killed(vm, VHOST_MEM_DATA, stamp);
	vhost_mem_hold(vm, first, last);
	vhost_mem_unlock(vm);
}
