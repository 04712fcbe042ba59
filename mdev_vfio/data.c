// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: data is pinned where it is first used.
 *
 * What is pinned for data is bounded, because a user can unmap all of it at once,
 * under the worst conditions, and it must be unpinned in time even then; see
 * unmap.c.  What counts is the number of runs, because to unpin one takes type1's
 * lock once.  So the more runs there are, the more pages a new one has: a user that
 * touches little memory pays little, and one that touches a lot has about 2 GiB
 * pinned.
 */

#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "data.h"
#include "hold.h"
#include "mem.h"
#include "pin.h"
#include "run.h"
#include "trace.h"

/* Data runs of an instance */
#define MDEV_VFIO_RUNS_MAX	1024

/* The order of a run's size grows by this step, up to the maximum. */
#define MDEV_VFIO_ORDER_STEP	3
#define MDEV_VFIO_ORDER_MAX	9

/* The numbers of runs from which on a new one is larger */
#define MDEV_VFIO_RUNS_SMALL	16
#define MDEV_VFIO_RUNS_MEDIUM	64

/* Pages whose pointers are on the stack */
#define MDEV_VFIO_DATA_FEW_PAGES	8

/*
 * The minimum time between two evictions.  With it, the run that replaces an
 * evicted one saves enough copies to make up for the cost of the eviction.
 */
#define MDEV_VFIO_EVICT_SPAN	(10 * NSEC_PER_MSEC)

/* How long a task waits for data to be unpinned before it goes on without */
#define MDEV_VFIO_UNPIN_WAIT	HZ

static u64 mdev_vfio_block_first(u64 iova, unsigned int order)
{
	return ALIGN_DOWN(iova, PAGE_SIZE << order);
}

static u64 mdev_vfio_block_last(u64 iova, unsigned int order)
{
	return mdev_vfio_block_first(iova, order) + (PAGE_SIZE << order) - 1;
}

/* May data be pinned at all? */
static bool mdev_vfio_may_pin(struct mdev_vfio_mem *vm)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	return vm->joined && !vm->limited && !vm->copy_why &&
	       ktime_get_ns() >= vm->copy_until;
}

/* May a block be pinned?  Not if part of it is or is being pinned, or unmapped. */
static bool mdev_vfio_block_free(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	struct mdev_vfio_pin *pin;

	lockdep_assert_held(&vm->pages.xa_lock);
	if (mdev_vfio_run_find(&vm->runs, first, last) ||
	    mdev_vfio_run_find(&vm->dying, first, last) ||
	    mdev_vfio_run_find(&vm->ready, first, last) ||
	    mdev_vfio_run_find(&vm->busy, first, last))
		return false;
	list_for_each_entry(pin, &vm->pins, node)
		if (mdev_vfio_overlap(first, last, pin->first, pin->last))
			return false;
	return !mdev_vfio_held(vm, first, last);
}

/* The record of how much of a block can be pinned, if that is not all of it */
static struct mdev_vfio_short *mdev_vfio_short_of(struct mdev_vfio_mem *vm,
						  u64 iova)
{
	u64 nr = iova >> (PAGE_SHIFT + MDEV_VFIO_ORDER_MAX);

	lockdep_assert_held(&vm->pages.xa_lock);
	return &vm->shorts[nr % MDEV_VFIO_SHORTS];
}

static unsigned int mdev_vfio_block_order(struct mdev_vfio_mem *vm, u64 iova)
{
	struct mdev_vfio_short *s = mdev_vfio_short_of(vm, iova);
	unsigned int order;

	if (vm->single)
		return 0;
	if (vm->nr_runs < MDEV_VFIO_RUNS_SMALL)
		order = MDEV_VFIO_ORDER_STEP;
	else if (vm->nr_runs < MDEV_VFIO_RUNS_MEDIUM)
		order = 2 * MDEV_VFIO_ORDER_STEP;
	else
		order = MDEV_VFIO_ORDER_MAX;
	if (s->block == mdev_vfio_block_first(iova, MDEV_VFIO_ORDER_MAX) + 1)
		order = min(order, s->order);
	return order;
}

/* The number of runs has reached its limit: end the oldest one. */
static void mdev_vfio_evict(struct mdev_vfio_mem *vm)
{
	u64 now = ktime_get_ns();

	lockdep_assert_held(&vm->pages.xa_lock);
	if (now < vm->evicted + MDEV_VFIO_EVICT_SPAN || list_empty(&vm->runs))
		return;
	vm->evicted = now;
	mdev_vfio_run_kill(list_first_entry(&vm->runs, struct mdev_vfio_run,
					    node));
	queue_work(vm->wq, &vm->unpin);
}

/*
 * Begin to pin the largest block around a page that may be pinned.  Returns 1, with
 * the size of the block in *@order, or otherwise what the fault is to return.
 */
static int mdev_vfio_fault_begin(struct mdev_vfio_mem *vm,
				 struct mdev_vfio_pin *pin, u64 iova,
				 unsigned int perm, unsigned int *order)
{
	void *entry;
	u64 first, last;
	int ret = -EAGAIN;

	mdev_vfio_lock(vm);
	entry = xa_load(&vm->pages, iova >> PAGE_SHIFT);
	if (!vm->open) {
		ret = -EFAULT;
		goto out_unlock;
	}
	if (entry) {
		/* Otherwise a copy finds out whether the access is allowed. */
		if (mdev_page_allows(entry, perm))
			ret = 0;
		goto out_unlock;
	}
	if (!mdev_vfio_may_pin(vm))
		goto out_unlock;
	if (vm->nr_runs >= MDEV_VFIO_RUNS_MAX) {
		mdev_vfio_evict(vm);
		goto out_unlock;
	}

	*order = mdev_vfio_block_order(vm, iova);
	for (;; *order -= MDEV_VFIO_ORDER_STEP) {
		first = mdev_vfio_block_first(iova, *order);
		last = mdev_vfio_block_last(iova, *order);
		if (mdev_vfio_block_free(vm, first, last))
			break;
		if (!*order)
			goto out_unlock;
	}
	mdev_vfio_pin_begin(vm, pin, first, last);
	vm->nr_runs++;
	ret = 1;
out_unlock:
	mdev_vfio_unlock(vm);
	return ret;
}

static void mdev_vfio_fault_cancel(struct mdev_vfio_mem *vm,
				   struct mdev_vfio_pin *pin)
{
	lockdep_assert_held(&vm->pages.xa_lock);
	vm->nr_runs--;
	mdev_vfio_pin_end(vm, pin);
}

/*
 * Pin the block, or a smaller one around the page if not all of it is mapped with
 * the same permissions.  Returns 0, with the access that is allowed in *@state, or
 * a negative errno.  The size of the block that was last tried is in *@order.
 */
static int mdev_vfio_fault_pin(struct mdev_vfio_mem *vm,
			       struct mdev_vfio_pin *pin, u64 iova,
			       unsigned int perm, unsigned int *order,
			       struct page **pages, unsigned int *state)
{
	struct mdev_vfio_short *s;
	int ret;

	for (;;) {
		*state = MDEV_PAGE_RW;
		ret = mdev_vfio_pin_pages(vm, pin, IOMMU_READ | IOMMU_WRITE,
					  pages);
		/* A single page, because its neighbours may be readable. */
		if (ret == -EPERM && perm == MDEV_MEM_WRITE && !*order) {
			*state = MDEV_PAGE_WO;
			ret = mdev_vfio_pin_pages(vm, pin, IOMMU_WRITE, pages);
		}
		if (!ret || ret == -ENOMEM || ret == -EBUSY || !*order)
			return ret;
		/* A user that was killed must not wait any longer. */
		if (fatal_signal_pending(current))
			return -EBUSY;

		/* The block may be larger than the mapping. */
		*order = ret == -EPERM ? 0 : *order - MDEV_VFIO_ORDER_STEP;
		mdev_vfio_lock(vm);
		pin->first = mdev_vfio_block_first(iova, *order);
		pin->last = mdev_vfio_block_last(iova, *order);
		s = mdev_vfio_short_of(vm, iova);
		s->block = mdev_vfio_block_first(iova, MDEV_VFIO_ORDER_MAX) + 1;
		s->order = *order;
		ret = pin->dead ? -EBUSY : 0;
		mdev_vfio_unlock(vm);
		if (ret)
			return ret;
	}
}

/*
 * Insert the pages of a block, so that lookups find them.  Returns whether all were
 * inserted.  It may drop the lock in between, so that an unmap can interfere.
 */
static bool mdev_vfio_fault_insert(struct mdev_vfio_mem *vm,
				   const struct mdev_vfio_pin *pin,
				   struct page **pages, unsigned int state)
{
	unsigned long i = 0, n = ((pin->last - pin->first) >> PAGE_SHIFT) + 1;
	XA_STATE(xas, &vm->pages, pin->first >> PAGE_SHIFT);

	lockdep_assert_held(&vm->pages.xa_lock);
	while (i < n && vm->open && !pin->dead) {
		/* A page that is left out is accessed by copying. */
		if (mdev_page_usable(pages[i])) {
			xas_set(&xas, (pin->first >> PAGE_SHIFT) + i);
			xas_store(&xas, mdev_page_entry(state,
							page_to_pfn(pages[i])));
		}
		if (xas_error(&xas)) {
			bool more;

			mdev_vfio_unlock(vm);
			more = xas_nomem(&xas, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
			mdev_vfio_lock(vm);
			if (!more)
				return false;
			continue;
		}
		i++;
	}
	/* Frees memory that was allocated and not needed, if there is any. */
	xas_nomem(&xas, 0);
	return i == n;
}

/* Make a live run of what @pin has pinned; if that fails the run ends at once. */
static int mdev_vfio_fault_end(struct mdev_vfio_mem *vm,
			       struct mdev_vfio_pin *pin,
			       struct mdev_vfio_run *run, struct page **pages,
			       unsigned int state)
{
	bool done;

	mdev_vfio_run_init(run, vm, pin->first, pin->last, false);
	mdev_vfio_lock(vm);
	done = mdev_vfio_fault_insert(vm, pin, pages, state);
	list_add_tail(&run->node, &vm->runs);
	/* End it like any other run: readers may have found some of its pages. */
	if (!done)
		mdev_vfio_run_kill(run);
	mdev_vfio_pin_end(vm, pin);
	mdev_vfio_unlock(vm);
	if (!done)
		queue_work(vm->wq, &vm->unpin);
	return done ? 0 : -EAGAIN;
}

/*
 * There is not enough locked memory for a block: pin single pages from now on,
 * and if there is not even enough for one, none.
 */
static void mdev_vfio_fault_limit(struct mdev_vfio_mem *vm, unsigned int order)
{
	bool single, warn = false;

	mdev_vfio_lock(vm);
	single = order && !vm->single;
	vm->single = true;
	if (!order) {
		warn = !vm->limited;
		vm->limited = true;
	}
	mdev_vfio_unlock(vm);

	if (single) {
		mdev_vfio_kill_data(vm, 0, U64_MAX);
		queue_work(vm->wq, &vm->unpin);
		wait_event_killable_timeout(vm->drained,
					    mdev_vfio_drained(vm, 0, U64_MAX),
					    MDEV_VFIO_UNPIN_WAIT);
	}
	if (warn)
		dev_warn_ratelimited(vm->dev,
				     "locked memory is exhausted, so data is copied page by page until the next reset; raise RLIMIT_MEMLOCK of the user (ulimit -l) for full speed\n");
}

static int mdev_vfio_fault_errno(int ret, unsigned int perm)
{
	switch (ret) {
	case -ENOMEM:
	case -EBUSY:
		return -EAGAIN;
	case -EPERM:
		/*
		 * A page that is pinned only for reading may not remain the one
		 * that the user sees: in older kernels, the user's first write
		 * to a private mapping replaces it by a copy.  To copy the data
		 * is always correct.
		 */
		return perm == MDEV_MEM_READ ? -EAGAIN : -EFAULT;
	default:
		return -EFAULT;
	}
}

/* Returns what the fault is to return. */
static int mdev_vfio_fault_page(struct mdev_vfio_mem *vm, u64 iova,
				unsigned int perm)
{
	struct page *few[MDEV_VFIO_DATA_FEW_PAGES], **pages = few;
	unsigned int order, state;
	struct mdev_vfio_run *run;
	struct mdev_vfio_pin pin;
	int ret;

	ret = mdev_vfio_fault_begin(vm, &pin, iova, perm, &order);
	if (ret <= 0)
		return ret;

	ret = -EBUSY;
	run = kzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
	if (BIT(order) > ARRAY_SIZE(few))
		pages = kmalloc_array(BIT(order), sizeof(*pages),
				      GFP_KERNEL_ACCOUNT);
	if (run && pages) {
		ret = mdev_vfio_fault_pin(vm, &pin, iova, perm, &order, pages,
					  &state);
		if (!ret) {
			ret = mdev_vfio_fault_end(vm, &pin, run, pages, state);
			goto out_free;
		}
	}
	kfree(run);

	mdev_vfio_lock(vm);
	mdev_vfio_fault_cancel(vm, &pin);
	mdev_vfio_unlock(vm);
	if (ret == -ENOMEM)
		mdev_vfio_fault_limit(vm, order);
	ret = mdev_vfio_fault_errno(ret, perm);
out_free:
	if (pages != few)
		kfree(pages);
	return ret;
}

/* mdev_mem_ops.fault */
int mdev_vfio_fault(struct mdev_mem *mem, u64 iova, unsigned int perm)
{
	struct mdev_vfio_mem *vm = to_mdev_vfio_mem(mem);
	bool traced = trace_mdev_vfio_fault_enabled();
	u64 begin;
	int ret;

	/* Every access comes here while data is copied: leave the lock alone. */
	if (READ_ONCE(vm->copy_why))
		return -EAGAIN;
	iova = ALIGN_DOWN(iova, PAGE_SIZE);
	begin = traced ? ktime_get_ns() : 0;
	ret = mdev_vfio_fault_page(vm, iova, perm);
	/* Not if tracing was switched on meanwhile: the time is not known then. */
	if (traced)
		trace_mdev_vfio_fault(vm->dev, iova, PAGE_SIZE,
				      ktime_get_ns() - begin, ret);
	return ret;
}

/* End all data runs.  Returns whether all is unpinned already. */
static bool mdev_vfio_end_data(struct mdev_vfio_mem *vm)
{
	mdev_vfio_kill_data(vm, 0, U64_MAX);
	/* Every reset comes here, mostly with nothing to do for the worker. */
	if (mdev_vfio_drained(vm, 0, U64_MAX))
		return true;
	queue_work(vm->wq, &vm->unpin);
	return false;
}

/**
 * mdev_vfio_unpin_data() - unpin all that is pinned for data
 * @vm: the memory
 * @limited: pin no more of it until the next reset
 *
 * This includes the rings that the parent unmapped before.
 *
 * Context: process context, outside of any read section; sleeps.  With @limited,
 * which only makes room, it waits for a second at most.
 */
void mdev_vfio_unpin_data(struct mdev_vfio_mem *vm, bool limited)
{
	mdev_vfio_lock(vm);
	vm->limited = limited;
	if (!limited)
		vm->single = false;
	mdev_vfio_unlock(vm);

	if (mdev_vfio_end_data(vm))
		return;
	/*
	 * flush_work() would not do: if dma_unmap on another CPU is about to
	 * queue the work, queue_work() has found it pending, but flush_work()
	 * does not see it yet.
	 */
	if (limited)
		wait_event_killable_timeout(vm->drained,
					    mdev_vfio_drained(vm, 0, U64_MAX),
					    MDEV_VFIO_UNPIN_WAIT);
	else
		wait_event(vm->drained, mdev_vfio_drained(vm, 0, U64_MAX));
}

/* ---- copies instead of pins ---- */

/**
 * mdev_vfio_mem_copy_begin() - copy data from now on, and pin none
 * @vm: the memory, open
 * @why: MDEV_VFIO_COPY_MIGRATION or MDEV_VFIO_COPY_LOG; whoever has begun with one of
 *	them already has it still
 *
 * A pinned page counts as written whenever somebody looks, so memory that is in
 * use would never become clean.  Rings stay pinned.
 *
 * When this returns 0 no data is pinned, and no lookup finds any that was, unless
 * type1's lock was not free for a second: its owner may be a thread of the same user
 * that waits for a page.  What is still pinned then keeps counting as written
 * until it is unpinned, so that this costs the user time, and loses nothing.
 *
 * I/O to pages that the parent holds writes to them without a mark after they were
 * unpinned.  So it fails if such I/O does not end, and then data is pinned as before.
 *
 * Context: process context, outside of any read section; sleeps for some seconds at
 * most.
 * Return: 0; -EBUSY if the parent holds pages for too long; -EINTR for a task that is
 * being killed.
 */
int mdev_vfio_mem_copy_begin(struct mdev_vfio_mem *vm, unsigned int why)
{
	unsigned int before;
	bool drained;
	int ret;

	mdev_vfio_lock(vm);
	before = vm->copy_why;
	/* From here on no fault begins; those that have begun are undone. */
	WRITE_ONCE(vm->copy_why, vm->copy_why | why);
	WRITE_ONCE(vm->mem.copied, true);
	mdev_vfio_kill_pins(vm, 0, U64_MAX);
	mdev_vfio_unlock(vm);

	/* Not as a reset does it: what is known of RLIMIT_MEMLOCK stays. */
	drained = mdev_vfio_end_data(vm);
	/*
	 * Also holds whose pages were unpinned before, and may be mapped again.  Those
	 * that have begun in copy mode have found no page.
	 */
	ret = before ? 0 : mdev_mem_holds_drain(&vm->lent, &vm->srcu);
	trace_mdev_vfio_copy_mode(vm->dev, why, true, ret);
	if (ret) {
		mdev_vfio_mem_copy_end(vm, why);
		return ret;
	}
	if (!drained)
		wait_event_killable_timeout(vm->drained,
					    mdev_vfio_drained(vm, 0, U64_MAX),
					    MDEV_VFIO_UNPIN_WAIT);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_copy_begin);

/**
 * mdev_vfio_mem_copy_end() - undo mdev_vfio_mem_copy_begin()
 * @vm: the memory
 * @why: as there; it does no harm if it was not begun
 *
 * Data is pinned again, where it is used next, if nobody else wants copies.
 *
 * Context: process context.
 */
void mdev_vfio_mem_copy_end(struct mdev_vfio_mem *vm, unsigned int why)
{
	mdev_vfio_lock(vm);
	WRITE_ONCE(vm->copy_why, vm->copy_why & ~why);
	WRITE_ONCE(vm->mem.copied, vm->copy_why);
	mdev_vfio_unlock(vm);
	trace_mdev_vfio_copy_mode(vm->dev, why, false, 0);
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_copy_end);
