// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: who serves a queue.
 *
 * Each queue of each instance has a thread, so that nobody who stalls one can
 * stall another, and memory that others wait for is written even where there is
 * none for a new thread.
 *
 * Sectors in RAM, and memory of the kernel's own drivers: whoever kicks serves
 * the queue at once, as long as the driver waits for one request before it makes
 * the next, since to wake the thread, and to switch to it and back, takes longer
 * than to copy a few pages.  Where many requests are on their way it is the other
 * way round: they are cheaper by the dozen, so they are left to the thread, and
 * the driver is spared a kick and an interrupt for each.  How many there are is
 * seen only by letting them wait, so every now and then the thread is tried.
 */

#include <linux/bitops.h>
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <uapi/linux/sched/types.h>

#include "mvblk.h"

/* One kick of so many is left to the thread, to see what comes together. */
#define MVBLK_PROBE		256

/* So many requests in one go are worth a thread. */
#define MVBLK_DEEP		4

static bool mvblk_queue_serve(struct mvblk_queue *q, bool atomic)
{
	bool more;

	q->served = 0;
	if (!mdev_vq_claim(q->vq))
		return false;
	/* Only the memory of a queue that is claimed stays what it is. */
	if (atomic && !mdev_vq_mem(q->vq)->direct)
		more = true;
	else
		more = mvblk_run(q, atomic);
	mdev_vq_release(q->vq);
	return more;
}

/* Whether whoever kicks may serve the queue */
static bool mvblk_queue_is_quick(const struct mvblk_queue *q)
{
	/* There may be none any more: then the queue cannot be claimed either. */
	const struct mdev_mem *mem = READ_ONCE(q->blk->soft.cdev->mem);

	return mem && mem->direct && mvblk_in_ram(q->blk);
}

static void mvblk_queue_work(struct mdev_work *work)
{
	struct mvblk_queue *q = container_of(work, struct mvblk_queue, work);
	bool more = true;

	/* If whoever kicks is at it, then not for long. */
	if (!test_and_set_bit_lock(MVBLK_BUSY, &q->flags)) {
		more = mvblk_queue_serve(q, false);
		q->together += q->served;
		if (!more) {
			WRITE_ONCE(q->deep, q->together >= MVBLK_DEEP);
			q->together = 0;
		}
		clear_bit_unlock(MVBLK_BUSY, &q->flags);
	}
	/* In between, whoever waits to stop the virtqueue has its turn. */
	if (more)
		mdev_worker_queue(&q->worker, &q->work);
}

/*
 * By whoever kicks.  False if the thread has to look: at all of it, at the rest,
 * or after somebody else who is at it and may have looked already.
 */
static bool mvblk_queue_try(struct mvblk_queue *q)
{
	bool done = false;

	/* The driver's callbacks want interrupts on. */
	if (!mvblk_queue_is_quick(q) || READ_ONCE(q->deep) || irqs_disabled())
		return false;

	local_bh_disable();
	if (!test_and_set_bit_lock(MVBLK_BUSY, &q->flags)) {
		if (++q->tries % MVBLK_PROBE)
			done = !mvblk_queue_serve(q, true);
		clear_bit_unlock(MVBLK_BUSY, &q->flags);
	}
	local_bh_enable();
	return done;
}

/**
 * mvblk_queue_kick() - have a queue served
 * @q: the queue, in any state
 *
 * Context: any.
 */
void mvblk_queue_kick(struct mvblk_queue *q)
{
	/* Not live means that the start, or its undoing, is yet to look. */
	if (mdev_vq_is_live(q->vq) && !mvblk_queue_try(q))
		mdev_worker_queue(&q->worker, &q->work);
}

static int mvblk_queue_alloc(struct mvblk_queue *q)
{
	struct mvblk *blk = q->blk;
	gfp_t gfp = mdev_mem_gfp(mdev_soft_mem(&blk->soft));

	if (!q->segs) {
		q->segs = kvmalloc_array(MDEV_VQ_MAX_SEGS, sizeof(*q->segs),
					 gfp);
		if (!q->segs)
			return -ENOMEM;
	}
	if (!q->bounce && !mvblk_in_ram(blk) &&
	    !mdev_soft_mem(&blk->soft)->direct) {
		q->bounce = kvmalloc(MVBLK_BOUNCE, gfp);
		if (!q->bounce)
			return -ENOMEM;
	}
	return 0;
}

/**
 * mvblk_queue_prepare() - have all that it takes to serve a queue
 * @q: the queue, not started
 *
 * Context: process context, serialised by the class driver.
 * Return: 0 or a negative errno; mvblk_queue_reset() undoes both.
 */
int mvblk_queue_prepare(struct mvblk_queue *q)
{
	/*
	 * It does not take the CPU from who has just woken it, who may be about
	 * to make the next request.
	 */
	struct sched_attr batch = { .sched_policy = SCHED_BATCH };
	struct task_struct *task;
	int ret;

	ret = mvblk_queue_alloc(q);
	if (ret || mdev_worker_task(&q->worker))
		return ret;

	/* The name of a task has 15 characters. */
	ret = mdev_worker_start(&q->worker, mdev_soft_mem(&q->blk->soft),
				"mvblk-%.6s-%u", dev_name(&q->blk->soft.cdev->dev),
				q->vq->index);
	if (ret)
		return ret;
	task = mdev_worker_task(&q->worker);
	batch.sched_nice = task_nice(task);
	/* It works without, too. */
	sched_setattr_nocheck(task, &batch);
	return 0;
}

/**
 * mvblk_queue_init() - make a queue
 * @q: zeroed
 * @blk: the instance
 * @index: of its virtqueue
 */
void mvblk_queue_init(struct mvblk_queue *q, struct mvblk *blk, u16 index)
{
	q->blk = blk;
	q->vq = mdev_soft_vq(&blk->soft, index);
	mdev_worker_init(&q->worker);
	mdev_work_init(&q->work, mvblk_queue_work);
}

/**
 * mvblk_queue_reset() - undo mvblk_queue_prepare()
 * @q: the queue, stopped
 *
 * Context: process context, serialised by the class driver.
 */
void mvblk_queue_reset(struct mvblk_queue *q)
{
	mdev_worker_stop(&q->worker);
	kvfree(q->bounce);
	kvfree(q->segs);
	q->bounce = NULL;
	q->segs = NULL;
}
