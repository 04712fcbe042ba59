// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: data is pinned where it is first used.
 *
 * What is pinned for data is bounded, because a user can have all of it unmapped
 * at once in the worst way there is, and has to get it back all the same; see
 * unmap.c.  It is the number of runs that counts, for each costs one turn
 * with type1's lock.  So a run has more pages the more of them there are: a user
 * who touches little pays little, and one who touches a lot has 2 GiB pinned.
 */

#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "data.h"
#include "hold.h"
#include "mem.h"
#include "pin.h"
#include "run.h"

/* Data runs of an instance */
#define MDEV_VFIO_RUNS_MAX	1024

/* How much larger a run is than the next smaller kind, as a power of two */
#define MDEV_VFIO_ORDER_STEP	3
#define MDEV_VFIO_ORDER_MAX	9

/* How many runs there are before the next one is larger */
#define MDEV_VFIO_RUNS_SMALL	16
#define MDEV_VFIO_RUNS_MEDIUM	64

/* Pages whose pointers are on the stack */
#define MDEV_VFIO_DATA_FEW_PAGES	8

/*
 * A run that had to go is paid for by many copies that it spares, if the next one
 * comes no sooner than this.
 */
#define MDEV_VFIO_EVICT_SPAN	(10 * NSEC_PER_MSEC)

/* How long a task waits for what is to be unpinned before it copies instead */
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
	return vm->joined && !vm->limited && ktime_get_ns() >= vm->copy_until;
}

/* May a block be pinned?  Nothing of it is, nor about to be, nor unmapped now. */
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

/* Where it is said how much of a block can be pinned, if that is not all */
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

/* There are as many runs as there may be: let the oldest one go. */
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
 * Begin to pin the largest block around a page that may be.  Returns 1 if it
 * did, with its size in *@order, else what the fault is to return.
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
		/* Else to copy it is the way to find out if it is allowed. */
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
 * Pin the block, or as much of it around the page as is mapped and alike.
 * Returns 0, with what may be done there in *@state, or a negative errno; how much
 * it was about is in *@order.
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
		/* So that a user who was killed does not wait any longer. */
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
 * Put the pages of a block where the lookup finds them.  Returns whether all
 * are; it takes the lock in turns, so that an unmap may come across.
 */
static bool mdev_vfio_fault_insert(struct mdev_vfio_mem *vm,
				   const struct mdev_vfio_pin *pin,
				   struct page **pages, unsigned int state)
{
	unsigned long i = 0, n = ((pin->last - pin->first) >> PAGE_SHIFT) + 1;
	XA_STATE(xas, &vm->pages, pin->first >> PAGE_SHIFT);

	lockdep_assert_held(&vm->pages.xa_lock);
	while (i < n && vm->open && !pin->dead) {
		/* What is left out is copied. */
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
	/* Frees what was allocated and is not needed, if there is such. */
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
	/* As any other run: readers may have found some of its pages. */
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
		 * A page pinned for reading alone can become a different one
		 * from what the user sees, when the user writes to a private
		 * mapping and older kernels copy it then.  A copy of the data
		 * is always right.
		 */
		return perm == MDEV_MEM_READ ? -EAGAIN : -EFAULT;
	default:
		return -EFAULT;
	}
}

/* mdev_mem_ops.fault */
int mdev_vfio_fault(struct mdev_mem *mem, u64 iova, unsigned int perm)
{
	struct mdev_vfio_mem *vm = to_mdev_vfio_mem(mem);
	struct page *few[MDEV_VFIO_DATA_FEW_PAGES], **pages = few;
	unsigned int order, state;
	struct mdev_vfio_run *run;
	struct mdev_vfio_pin pin;
	int ret;

	iova = ALIGN_DOWN(iova, PAGE_SIZE);
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

/**
 * mdev_vfio_unpin_data() - unpin all that is pinned for data
 * @vm: the memory
 * @limited: pin no more of it until the next reset
 *
 * And the rings that were unmapped before.
 *
 * Context: process context, outside of any read section; sleeps.  With @limited,
 * which is a matter of more or less memory, for a second at most.
 */
void mdev_vfio_unpin_data(struct mdev_vfio_mem *vm, bool limited)
{
	mdev_vfio_lock(vm);
	vm->limited = limited;
	if (!limited)
		vm->single = false;
	mdev_vfio_unlock(vm);

	mdev_vfio_kill_data(vm, 0, U64_MAX);
	/* Each reset comes here, and mostly there is nothing: spare the worker. */
	if (mdev_vfio_drained(vm, 0, U64_MAX))
		return;
	queue_work(vm->wq, &vm->unpin);
	/*
	 * Not flush_work(): that does not see a work item which dma_unmap, on
	 * another CPU, is about to queue, and which queue_work() found pending.
	 */
	if (limited)
		wait_event_killable_timeout(vm->drained,
					    mdev_vfio_drained(vm, 0, U64_MAX),
					    MDEV_VFIO_UNPIN_WAIT);
	else
		wait_event(vm->drained, mdev_vfio_drained(vm, 0, U64_MAX));
}
