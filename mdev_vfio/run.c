// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: runs of pinned pages, and how they end.
 *
 * A run that ends goes from list to list: it is *dying* until all read sections that
 * may have found it are over, and so are all holds, or these were given up.  Then it is
 * *ready*, *busy* while vfio_unpin_pages() waits for type1's lock, and then gone.
 */

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/vmalloc.h>

#include "hold.h"
#include "log.h"
#include "mem.h"
#include "pin.h"
#include "ring.h"
#include "run.h"
#include "trace.h"

/* Unpin a busy run, and free it. */
static void mdev_vfio_run_unpin(struct mdev_vfio_run *run)
{
	struct mdev_vfio_ring *ring = mdev_vfio_run_ring(run);
	struct mdev_vfio_mem *vm = run->vm;

	if (ring)
		vunmap(ring->vmapped);
	vfio_unpin_pages(vm->vdev, run->first, mdev_vfio_run_pages(run));
	trace_mdev_vfio_unpin(vm->dev, run->first, run->last - run->first + 1, 0);
	/* Nobody writes to it any more, and a look that does not find it finds this. */
	if (!run->read_only)
		mdev_vfio_log_mark(vm, run->first, run->last);

	/* Only now, because an unmap waits for the runs that are in a list. */
	mdev_vfio_lock(vm);
	list_del(&run->node);
	if (!ring)
		vm->nr_runs--;
	else if (ring->map)
		ring->map->priv = NULL;
	mdev_vfio_unlock(vm);

	kfree(ring ? (void *)ring : (void *)run);
	/* @vm still exists, because destroy_workqueue() waits for this work. */
	wake_up_all(&vm->drained);
}

static void mdev_vfio_run_work(struct work_struct *work)
{
	mdev_vfio_run_unpin(container_of(work, struct mdev_vfio_run, work));
}

/**
 * mdev_vfio_run_init() - describe pages that are about to be pinned
 * @run: the run, in no list yet
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 * @is_ring: @run is in a struct mdev_vfio_ring
 */
void mdev_vfio_run_init(struct mdev_vfio_run *run, struct mdev_vfio_mem *vm,
			u64 first, u64 last, bool is_ring)
{
	INIT_WORK(&run->work, mdev_vfio_run_work);
	run->vm = vm;
	run->first = first;
	run->last = last;
	run->died = 0;
	run->is_ring = is_ring;
	run->read_only = false;
}

/* The first run of a list that has a page in a range, or NULL */
struct mdev_vfio_run *mdev_vfio_run_find(struct list_head *runs, u64 first,
					 u64 last)
{
	struct mdev_vfio_run *run;

	list_for_each_entry(run, runs, node)
		if (mdev_vfio_overlap(first, last, run->first, run->last))
			return run;
	return NULL;
}

/**
 * mdev_vfio_run_next_written() - find pinned pages that the device may have written to
 * @vm: the memory
 * @first: where to begin to look; result: address of the first byte found
 * @last: where to stop, inclusive
 * @run_last: result: address of the last byte
 *
 * Those that are about to be unpinned are among them.
 *
 * Context: any in which the lock can be taken.
 * Return: whether there are any.
 */
bool mdev_vfio_run_next_written(struct mdev_vfio_mem *vm, u64 *first, u64 last,
				u64 *run_last)
{
	struct list_head *lists[] = { &vm->runs, &vm->rings, &vm->dying,
				      &vm->ready, &vm->busy };
	struct mdev_vfio_run *run, *found = NULL;
	unsigned int i;

	mdev_vfio_lock(vm);
	for (i = 0; i < ARRAY_SIZE(lists); i++)
		list_for_each_entry(run, lists[i], node)
			if (!run->read_only && run->last >= *first &&
			    run->first <= last &&
			    (!found || run->first < found->first))
				found = run;
	if (found) {
		*first = max(*first, found->first);
		*run_last = min(last, found->last);
	}
	mdev_vfio_unlock(vm);
	return found;
}

/* ---- the end of runs ---- */

/**
 * mdev_vfio_run_kill() - make lookups not find a run any more
 * @run: a live run
 *
 * The caller queues &mdev_vfio_mem.unpin afterwards.
 *
 * Context: called with the lock held.
 */
void mdev_vfio_run_kill(struct mdev_vfio_run *run)
{
	struct mdev_vfio_ring *ring = mdev_vfio_run_ring(run);
	XA_STATE(xas, &run->vm->pages, run->first >> PAGE_SHIFT);
	bool found;

	lockdep_assert_held(&run->vm->pages.xa_lock);
	/* A stamp of its own orders the list by time: the worker relies on that. */
	run->died = mdev_vfio_stamp(run->vm);
	list_move_tail(&run->node, &run->vm->dying);
	if (ring) {
		if (ring->map)
			WRITE_ONCE(ring->map->dead, true);
		return;
	}
	while (mdev_page_kill(&xas, run->last >> PAGE_SHIFT, false, &found))
		;
	/* Under the lock, so before &mdev_vfio_mem.unpin can wait for readers. */
	mdev_mem_forget(&run->vm->mem);
}

/**
 * mdev_vfio_kill_data() - end all data runs that have a page in a range
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 *
 * Context: process context; takes the lock for one run at a time.
 * Return: whether there was any.
 */
bool mdev_vfio_kill_data(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	struct mdev_vfio_run *run;
	bool found = false;

	mdev_vfio_lock(vm);
	while ((run = mdev_vfio_run_find(&vm->runs, first, last))) {
		mdev_vfio_run_kill(run);
		found = true;
		mdev_vfio_unlock(vm);
		cond_resched();
		mdev_vfio_lock(vm);
	}
	mdev_vfio_unlock(vm);
	return found;
}

/**
 * mdev_vfio_kill_rings() - end all rings that have a page in a range
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 *
 * Context: called with the lock held.
 */
void mdev_vfio_kill_rings(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	u64 stamp = mdev_vfio_stamp(vm);
	struct mdev_vfio_run *run;
	struct mdev_ring_map *map;

	lockdep_assert_held(&vm->pages.xa_lock);
	while ((run = mdev_vfio_run_find(&vm->rings, first, last)))
		mdev_vfio_run_kill(run);

	/* After all are dead, so that a callback sees none of them as alive. */
	list_for_each_entry(run, &vm->dying, node) {
		if (!run->is_ring || run->died < stamp)
			continue;
		map = mdev_vfio_run_ring(run)->map;
		if (map && map->invalidate)
			map->invalidate(map);
	}
}

/* ---- unpinning ---- */

/* Queue a work for each ready run. */
static void mdev_vfio_unpin_spread(struct mdev_vfio_mem *vm)
{
	struct mdev_vfio_run *run, *next;

	lockdep_assert_held(&vm->pages.xa_lock);
	list_for_each_entry_safe(run, next, &vm->ready, node) {
		list_move_tail(&run->node, &vm->busy);
		queue_work(vm->wq, &run->work);
	}
}

/**
 * mdev_vfio_unpin_hurry() - unpin all that is ready at the same time
 * @vm: the memory
 *
 * While several tasks unmap, type1's lock is free only for moments.  It goes to
 * its waiters roughly in order, so all works that are waiting get it in one such
 * moment, while a single work would unpin only one run.
 *
 * Context: any in which the lock can be taken.
 */
void mdev_vfio_unpin_hurry(struct mdev_vfio_mem *vm)
{
	mdev_vfio_lock(vm);
	mdev_vfio_unpin_spread(vm);
	mdev_vfio_unlock(vm);
}

/* Unpin all that ended before this began, and that no reader can see or has lent. */
void mdev_vfio_unpin_work(struct work_struct *work)
{
	struct mdev_vfio_mem *vm =
		container_of(work, struct mdev_vfio_mem, unpin);
	struct mdev_vfio_run *run;
	u64 cut;

	mdev_vfio_lock(vm);
	cut = mdev_vfio_stamp(vm);
	mdev_vfio_unlock(vm);

	mdev_mem_holds_sync(&vm->lent, &vm->srcu);

	mdev_vfio_lock(vm);
	while ((run = list_first_entry_or_null(&vm->dying, struct mdev_vfio_run,
					       node)) && run->died < cut)
		list_move_tail(&run->node, &vm->ready);

	while ((run = list_first_entry_or_null(&vm->ready, struct mdev_vfio_run,
					       node))) {
		if (mdev_vfio_hurried(vm)) {
			mdev_vfio_unpin_spread(vm);
			break;
		}
		list_move_tail(&run->node, &vm->busy);
		mdev_vfio_unlock(vm);
		mdev_vfio_run_unpin(run);
		cond_resched();
		mdev_vfio_lock(vm);
	}
	mdev_vfio_unlock(vm);
}

/**
 * mdev_vfio_drained() - whether nothing in a range waits to be unpinned
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 *
 * Context: any in which the lock can be taken.
 */
bool mdev_vfio_drained(struct mdev_vfio_mem *vm, u64 first, u64 last)
{
	struct mdev_vfio_pin *pin;
	bool drained;

	mdev_vfio_lock(vm);
	drained = !mdev_vfio_run_find(&vm->dying, first, last) &&
		  !mdev_vfio_run_find(&vm->ready, first, last) &&
		  !mdev_vfio_run_find(&vm->busy, first, last);
	list_for_each_entry(pin, &vm->pins, node)
		if (pin->dead &&
		    mdev_vfio_overlap(first, last, pin->first, pin->last))
			drained = false;
	mdev_vfio_unlock(vm);
	return drained;
}
