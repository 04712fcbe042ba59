// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the threads that serve the queue pairs.  Each instance has its own, so
 * that a user that stalls one cannot stall another.
 */

#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mvnet.h"

static int mvnet_pair_alloc(struct mvnet_pair *pair)
{
	struct mvnet *net = pair->net;
	gfp_t gfp = mdev_mem_gfp(mdev_soft_mem(&net->base.soft));
	bool csum;

	if (!pair->tx_segs) {
		pair->tx_segs = kvmalloc_array(MDEV_VQ_MAX_SEGS,
					       sizeof(*pair->tx_segs), gfp);
		if (!pair->tx_segs)
			return -ENOMEM;
	}
	if (mdev_soft_net_bufs_alloc(&pair->bufs, gfp))
		return -ENOMEM;

	/* GUEST_CSUM may be switched off later. */
	csum = mdev_soft_net_has(&net->base, VIRTIO_NET_F_CSUM) &&
	       (!mdev_soft_net_has(&net->base, VIRTIO_NET_F_GUEST_CSUM) ||
		mdev_soft_net_has(&net->base, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS));
	if (!pair->bounce && (csum || !mdev_soft_mem(&net->base.soft)->direct)) {
		pair->bounce = kvmalloc(MDEV_SOFT_NET_HDR_LEN + MVNET_MAX_FRAME, gfp);
		if (!pair->bounce)
			return -ENOMEM;
	}
	return 0;
}

/**
 * mvnet_pair_prepare() - allocate all that is needed to serve a queue pair
 * @pair: the pair, at least one of its queues not started
 *
 * Context: process context, serialised by the class driver.
 * Return: 0 or a negative errno; mvnet_pair_reset() undoes both.
 */
int mvnet_pair_prepare(struct mvnet_pair *pair)
{
	struct mvnet *net = pair->net;
	int ret;

	ret = mvnet_pair_alloc(pair);
	if (ret)
		return ret;
	/* The name of a task has 15 characters. */
	return mdev_worker_start(&pair->worker, mdev_soft_mem(&net->base.soft),
				 "mvnet-%.6s-%u",
				 dev_name(&net->base.soft.cdev->dev), pair->index);
}

/**
 * mvnet_pair_reset() - undo mvnet_pair_prepare()
 * @pair: the pair, whose queues are stopped
 *
 * Context: process context, serialised by the class driver.
 */
void mvnet_pair_reset(struct mvnet_pair *pair)
{
	mdev_worker_stop(&pair->worker);
	kvfree(pair->bounce);
	mdev_soft_net_bufs_free(&pair->bufs);
	kvfree(pair->tx_segs);
	pair->bounce = NULL;
	pair->tx_segs = NULL;
}

/**
 * mvnet_pair_wake() - have the worker look at a pair
 * @net: the instance
 * @index: of the pair; nothing happens if there is none
 *
 * Context: any.
 */
void mvnet_pair_wake(struct mvnet *net, unsigned int index)
{
	struct mvnet_pair *pair;

	/* Without MQ the control queue has the index that pair 1 would have. */
	if (index >= mdev_soft_net_nr_pairs(&net->base))
		return;

	pair = &net->pairs[index];
	if (mdev_vq_is_live(pair->rx) || mdev_vq_is_live(pair->tx))
		mdev_worker_queue(&pair->worker, &pair->work);
}

/**
 * mvnet_wake_pairs() - have the workers look at all queue pairs
 * @net: the instance
 *
 * Context: any.
 */
void mvnet_wake_pairs(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->base.max_pairs; i++)
		mvnet_pair_wake(net, i);
}

/* Only one queue of the pair is up: detect that its memory is gone. */
static void mvnet_look(struct mdev_vq *vq)
{
	struct mdev_vq_section section = { .vqs = { vq } };

	mdev_vq_section_enter(&section);
	mdev_vq_section_leave(&section);
}

/* Serve the pair once; @tx and @rx are claimed if true.  Like mvnet_pair_run(). */
static enum mvnet_next mvnet_pair_pass(struct mvnet_pair *pair, bool tx,
				       bool rx, bool poll)
{
	if (tx && rx)
		return mvnet_pair_run(pair, poll);
	mvnet_look(tx ? pair->tx : pair->rx);
	return MVNET_NEXT_KICK;
}

/* The same if others may serve the pair at the same time */
static enum mvnet_next mvnet_pair_pass_locked(struct mvnet_pair *pair, bool tx,
					      bool rx, bool kick)
{
	enum mvnet_next next;

	if (!kick)
		spin_lock_bh(&pair->lock);
	else if (!spin_trylock_bh(&pair->lock))
		/* Whoever has the lock may have looked already. */
		return MVNET_NEXT_RUN;
	next = mvnet_pair_pass(pair, tx, rx, false);
	spin_unlock_bh(&pair->lock);
	return next;
}

/*
 * Serve the pair once, in the worker or in the context of a kick.  For a kick,
 * MVNET_NEXT_RUN means that the worker has to serve it.  Whether others may serve
 * the pair at the same time depends on the memory of a claimed queue, which cannot
 * change.  The memory of the instance changes with its class driver.
 */
static enum mvnet_next mvnet_pair_serve(struct mvnet_pair *pair, bool kick,
					bool poll)
{
	bool tx = mdev_vq_claim(pair->tx);
	bool rx = mdev_vq_claim(pair->rx);
	enum mvnet_next next = MVNET_NEXT_RUN;

	if (!tx && !rx)
		return MVNET_NEXT_KICK;

	if (mdev_vq_mem(tx ? pair->tx : pair->rx)->direct)
		next = mvnet_pair_pass_locked(pair, tx, rx, kick);
	else if (!kick)
		next = mvnet_pair_pass(pair, tx, rx, poll);

	if (rx)
		mdev_vq_release(pair->rx);
	if (tx)
		mdev_vq_release(pair->tx);
	return next;
}

/*
 * Serve the pair again and again until there is something to do, the time to poll
 * is over, or the CPU or the worker is needed for something else.  The queues are
 * released in between, so that a task that waits to stop one can do so.
 */
static enum mvnet_next mvnet_pair_poll(struct mvnet_pair *pair)
{
	unsigned int us = READ_ONCE(pair->net->busy_poll);
	enum mvnet_next next = mvnet_pair_serve(pair, false, us);
	u64 end;

	if (next != MVNET_NEXT_POLL)
		return next;

	end = ktime_get_ns() + (u64)us * NSEC_PER_USEC;
	do {
		cpu_relax();
		next = mvnet_pair_serve(pair, false, true);
	} while (next == MVNET_NEXT_POLL && !need_resched() &&
		 !mdev_worker_pending(&pair->worker) &&
		 ktime_get_ns() < end);

	if (next == MVNET_NEXT_POLL)
		next = mvnet_pair_serve(pair, false, false);
	return next;
}

static void mvnet_pair_work(struct mdev_work *work)
{
	struct mvnet_pair *pair = container_of(work, struct mvnet_pair, work);

	if (mvnet_pair_poll(pair) == MVNET_NEXT_RUN)
		mvnet_pair_wake(pair->net, pair->index);
}

/**
 * mvnet_pair_init() - make a pair
 * @pair: zeroed
 * @net: the instance
 * @index: of the pair
 */
void mvnet_pair_init(struct mvnet_pair *pair, struct mvnet *net,
		     unsigned int index)
{
	pair->net = net;
	pair->index = index;
	spin_lock_init(&pair->lock);
	pair->rx = mdev_soft_vq(&net->base.soft, 2 * index);
	pair->tx = mdev_soft_vq(&net->base.soft, 2 * index + 1);
	pair->section.vqs[0] = pair->rx;
	pair->section.vqs[1] = pair->tx;
	mdev_worker_init(&pair->worker);
	mdev_work_init(&pair->work, mvnet_pair_work);
}

/**
 * mvnet_pair_kick() - the driver has kicked a queue of a pair
 * @net: the instance
 * @index: of the pair; nothing happens if there is none
 *
 * If the driver's memory is direct, the pair is served at once: to wake the worker,
 * and to switch to it and back, takes longer than to pass on a few frames.  What is
 * left after one budget is left to the worker.
 *
 * Context: any.
 */
void mvnet_pair_kick(struct mvnet *net, unsigned int index)
{
	if (index >= mdev_soft_net_nr_pairs(&net->base))
		return;

	/*
	 * The driver's callbacks want interrupts on.  The check of the instance's
	 * memory only saves a program's kick from claiming the queues.
	 */
	if (!mdev_soft_net_is_direct(&net->base) || irqs_disabled() ||
	    mvnet_pair_serve(&net->pairs[index], true, false) ==
	    MVNET_NEXT_RUN)
		mvnet_pair_wake(net, index);
}

int mvnet_set_vq_affinity(struct mdev_soft *soft, u16 idx,
			  const struct cpumask *mask)
{
	struct mvnet *net = soft_to_mvnet(soft);

	/* The control queue is served by the kick or by the first pair's worker. */
	if (idx >= 2 * net->base.max_pairs)
		return 0;
	return mdev_worker_set_affinity(&net->pairs[idx / 2].worker, mask);
}

const struct cpumask *mvnet_get_vq_affinity(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	if (idx >= 2 * net->base.max_pairs)
		return NULL;
	return mdev_worker_affinity(&net->pairs[idx / 2].worker);
}
