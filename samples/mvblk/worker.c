// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: what serves a queue.
 *
 * Each queue of each instance has a thread, so that a user that stalls one cannot
 * stall another, and so that writes that free memory get done even if there is no
 * memory for a new thread.
 *
 * With sectors in RAM, and memory of the kernel's own drivers, a queue is served in
 * the context of the kick, as long as the driver waits for one request before it
 * makes the next: to wake the thread, and to switch to it and back, takes longer
 * than to copy a few pages.  If many requests are in flight, they are left to the
 * thread: many at a time are cheaper, and the driver saves a kick and an interrupt
 * for each.  How many there are can only be seen if they are left waiting, so every
 * now and then a kick is left to the thread.
 */

#include <linux/bitops.h>
#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <uapi/linux/sched/types.h>

#include "helper.h"
#include "mvblk.h"
#include "req.h"

/* One in so many kicks is left to the thread, to see how many are in flight. */
#define MVBLK_PROBE		256

/* From so many requests at a time on, they are left to the thread. */
#define MVBLK_DEEP		4

static bool mvblk_queue_serve(struct mvblk_queue *q, bool atomic)
{
	bool more;

	q->served = 0;
	if (!q->claimed && !mdev_vq_claim(q->vq))
		return false;
	/* Pairs with smp_store_release() in mvblk_file_attach() */
	q->store = smp_load_acquire(&q->blk->store);
	if (q->store->prepare) {
		/* There are none after mvblk_orphans_begin(). */
		more = q->reqs && mvblk_reqs_run(q);
		/* Whoever stops the queue waits for what others work on. */
		q->claimed = q->reqs && q->reqs->nr_out;
		if (q->claimed)
			return more;
	} else if (atomic && !mdev_vq_mem(q->vq)->direct) {
		/* Only the memory of a claimed queue cannot change. */
		more = true;
	} else {
		more = mvblk_run(q, atomic);
	}
	mdev_vq_release(q->vq);
	return more;
}

/* Whether the queue may be served in the context of a kick */
static bool mvblk_queue_is_quick(const struct mvblk_queue *q)
{
	/* There may be no memory any more; the queue cannot be claimed then. */
	const struct mdev_mem *mem = READ_ONCE(q->blk->soft.cdev->mem);

	return mem && mem->direct && mvblk_in_ram(q->blk);
}

static void mvblk_queue_work(struct mdev_work *work)
{
	struct mvblk_queue *q = container_of(work, struct mvblk_queue, work);
	bool more = true;

	/* If a kick is serving the queue, it will not take long. */
	if (!test_and_set_bit_lock(MVBLK_BUSY, &q->flags)) {
		more = mvblk_queue_serve(q, false);
		q->together += q->served;
		if (!more) {
			WRITE_ONCE(q->deep, q->together >= MVBLK_DEEP);
			q->together = 0;
		}
		clear_bit_unlock(MVBLK_BUSY, &q->flags);
	}
	/* In between, a task that waits to stop the virtqueue can do so. */
	if (more)
		mdev_worker_queue(&q->worker, &q->work);
}

/*
 * Serve the queue in the context of a kick.  Returns false if the thread has to
 * serve it: all of it, the rest, or what another task that is serving it now may
 * have missed.
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
	/* A queue that is not live is looked at when it is started or resumed. */
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
	if (mvblk_in_ram(blk))
		return 0;
	mvblk_reqs_forget(q);
	return mvblk_reqs_alloc(q);
}

/* Whether requests may have to wait in a thread: what is attached now stays so. */
static bool mvblk_queue_waits(const struct mvblk_queue *q)
{
	const struct mvblk_backing *backing = READ_ONCE(q->blk->backing);

	return !mvblk_in_ram(q->blk) && !(backing && backing->bdev);
}

/**
 * mvblk_queue_prepare() - allocate all that is needed to serve a queue
 * @q: the queue, not started
 *
 * Context: process context, serialised by the class driver.
 * Return: 0 or a negative errno; mvblk_queues_reset() undoes both.
 */
int mvblk_queue_prepare(struct mvblk_queue *q)
{
	/*
	 * So that the thread does not take the CPU from the task that wakes it,
	 * which may be about to make the next request.
	 */
	struct sched_attr batch = { .sched_policy = SCHED_BATCH };
	struct task_struct *task;
	int ret;

	ret = mvblk_queue_alloc(q);
	if (!ret && mvblk_queue_waits(q))
		ret = mvblk_helpers_start(q);
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
	/* It works without this, too, so ignore errors. */
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
	q->section.vqs[0] = q->vq;
	mdev_worker_init(&q->worker);
	mdev_work_init(&q->work, mvblk_queue_work);
}

/**
 * mvblk_queues_reset() - undo mvblk_queue_prepare() for all queues of an instance
 * @blk: the instance, whose queues are stopped
 *
 * Context: process context, serialised by the class driver.
 */
void mvblk_queues_reset(struct mvblk *blk)
{
	struct mvblk_reqs *reqs[MVBLK_MAX_QUEUES] = { };
	unsigned int i, nr = blk->soft.desc->nr_vqs;
	struct mvblk_queue *q;
	bool used = false;

	for (i = 0; i < nr; i++) {
		q = &blk->queues[i];
		mdev_worker_stop(&q->worker);
		used |= q->segs && !mvblk_in_ram(blk);
		reqs[i] = q->reqs;
		WRITE_ONCE(q->reqs, NULL);
	}
	/*
	 * See mvblk_reqs_destroy(); and mvblk_req_end() may still look at the queue of
	 * orphans.  Once for all queues, because it takes a while.
	 */
	if (used)
		synchronize_rcu();
	for (i = 0; i < nr; i++) {
		q = &blk->queues[i];
		if (reqs[i])
			mvblk_reqs_destroy(reqs[i]);
		kvfree(q->segs);
		q->segs = NULL;
	}
}
