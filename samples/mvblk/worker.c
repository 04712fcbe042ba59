// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: what serves a queue.
 *
 * Each queue of each instance has a thread, so that a user that stalls one cannot
 * stall another, and so that writes that free memory get done even if there is no
 * memory for a new thread.
 *
 * To wake the thread, and to switch to it and back, takes longer than to serve one
 * request.  So whoever kicks serves the queue if nothing has to be waited for:
 *
 * - in the context of the kick, if memory is that of the kernel's own drivers, and the
 *   sectors are in RAM or on a block device that takes requests there;
 * - a little later, on its way back to user mode, a task of the program whose memory it
 *   is, if the sectors are on a block device, see mdev_visit_kick().
 *
 * That is so as long as the driver waits for one request before it makes the next.  If
 * many are in flight, they are left to the thread: many at a time are cheaper, and the
 * driver saves a kick and an interrupt for each.  How many there are can only be seen if
 * they are left waiting, so every now and then a kick is left to the thread.
 */

#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "helper.h"
#include "mvblk.h"
#include "req.h"

/* One in so many kicks is left to the thread, to see how many are in flight. */
#define MVBLK_PROBE		256

/* From so many requests at a time on, they are left to the thread. */
#define MVBLK_DEEP		4

/* Whether a claimed queue can be served so; its memory and its store stay as they are. */
static bool mvblk_queue_allows(const struct mvblk_queue *q, enum mvblk_server by)
{
	if (by == MVBLK_WORKER)
		return true;
	if (by == MVBLK_KICK && !mdev_vq_mem(q->vq)->direct)
		return false;
	if (q->store->prepare)
		return q->store->submit_now;
	return by == MVBLK_KICK;
}

/* Returns true if the worker has to go on. */
static bool mvblk_queue_serve(struct mvblk_queue *q, enum mvblk_server by)
{
	bool more = true;

	q->served = 0;
	if (!q->claimed && !mdev_vq_claim(q->vq))
		return false;
	/* Pairs with smp_store_release() in mvblk_file_attach() */
	q->store = smp_load_acquire(&q->blk->store);
	if (q->store->prepare) {
		/* There are none after mvblk_orphans_begin(). */
		if (!q->reqs)
			more = false;
		else if (mvblk_queue_allows(q, by))
			more = mvblk_reqs_run(q, by);
		/* Whoever stops the queue waits for what others work on. */
		q->claimed = q->reqs && q->reqs->nr_out;
		if (q->claimed)
			return more;
	} else if (mvblk_queue_allows(q, by)) {
		more = mvblk_run(q, by == MVBLK_KICK);
	}
	mdev_vq_release(q->vq);
	return more;
}

/* Whether the queue may be served in the context of a kick */
static bool mvblk_queue_is_quick(const struct mvblk_queue *q)
{
	/* There may be no memory any more; the queue cannot be claimed then. */
	const struct mdev_mem *mem = READ_ONCE(q->blk->soft.cdev->mem);

	return mem && mem->direct && !READ_ONCE(q->deep) &&
	       (READ_ONCE(q->blk->plain) || mvblk_in_ram(q->blk));
}

static void mvblk_queue_work(struct mdev_work *work)
{
	struct mvblk_queue *q = container_of(work, struct mvblk_queue, work);
	bool more;

	if (!mdev_turn_begin_work(&q->turn))
		return;
	more = mvblk_queue_serve(q, MVBLK_WORKER);
	q->together += q->served;
	if (!more && q->together) {
		WRITE_ONCE(q->deep, q->together >= MVBLK_DEEP);
		q->together = 0;
	}
	mdev_turn_end(&q->turn, &q->worker, &q->work);
	/* In between, a task that waits to stop the virtqueue can do so. */
	if (more)
		mdev_worker_queue(&q->worker, &q->work);
}

/*
 * Serve a queue, for whoever kicks; context as &enum mvblk_server says.  Returns false if
 * the thread has to serve it: all of it, the rest, or what another task that is serving
 * it now may have missed.
 */
static bool mvblk_queue_try(struct mvblk_queue *q, enum mvblk_server by)
{
	bool done = false;

	if (!mdev_turn_begin(&q->turn))
		return false;
	if (++q->tries % MVBLK_PROBE)
		done = !mvblk_queue_serve(q, by);
	mdev_turn_end(&q->turn, &q->worker, &q->work);
	return done;
}

/* Those that serve a queue in a kick, to find out about disks that lie on each other */
static DEFINE_PER_CPU(bool, mvblk_kicking);

/* Serve the queue in the context of a kick.  As mvblk_queue_try(). */
static bool mvblk_queue_try_kick(struct mvblk_queue *q)
{
	bool done = false;

	/* The driver's callbacks want interrupts on. */
	if (!mvblk_queue_is_quick(q) || irqs_disabled())
		return false;

	local_bh_disable();
	/* A stack has room for one of them. */
	if (!__this_cpu_read(mvblk_kicking)) {
		__this_cpu_write(mvblk_kicking, true);
		done = mvblk_queue_try(q, MVBLK_KICK);
		__this_cpu_write(mvblk_kicking, false);
	}
	local_bh_enable();
	return done;
}

static void mvblk_queue_come(void *data)
{
	struct mvblk_queue *q = data;

	if (!mvblk_queue_try(q, MVBLK_TASK))
		mdev_worker_queue(&q->worker, &q->work);
}

static void mvblk_queue_late(void *data)
{
	struct mvblk_queue *q = data;

	mdev_worker_queue(&q->worker, &q->work);
}

static const struct mdev_visit_ops mvblk_visit_ops = {
	.owner = THIS_MODULE,
	.come = mvblk_queue_come,
	.late = mvblk_queue_late,
};

/* Have a task of the program serve the queue, where that need not wait. */
static bool mvblk_queue_visit(struct mvblk_queue *q)
{
	return q->visit && READ_ONCE(q->blk->nowait) && !READ_ONCE(q->deep) &&
	       mdev_visit_kick(q->visit);
}

/**
 * mvblk_queue_create_visit() - make it possible that tasks serve a queue
 * @q: the queue
 *
 * Context: process context.
 * Return: 0 or -ENOMEM; mdev_visit_destroy() undoes both.
 */
int mvblk_queue_create_visit(struct mvblk_queue *q)
{
	q->visit = mdev_visit_create(&mvblk_visit_ops, q->vq, q);
	return q->visit ? 0 : -ENOMEM;
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
	if (mdev_vq_is_live(q->vq) && !mvblk_queue_try_kick(q) &&
	    !mvblk_queue_visit(q))
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
	int ret;

	ret = mvblk_queue_alloc(q);
	if (!ret && mvblk_queue_waits(q))
		ret = mvblk_helpers_start(q);
	if (ret)
		return ret;
	if (q->visit)
		mdev_visit_begin(q->visit, mdev_soft_mem(&q->blk->soft));
	if (mdev_worker_task(&q->worker))
		return 0;

	/* The name of a task has 15 characters. */
	ret = mdev_worker_start(&q->worker, mdev_soft_mem(&q->blk->soft),
				"mvblk-%.6s-%u", dev_name(&q->blk->soft.cdev->dev),
				q->vq->index);
	if (!ret)
		mdev_worker_set_batch(&q->worker);
	return ret;
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
		if (q->visit)
			mdev_visit_end(q->visit);
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
