// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the threads that serve the queue pairs.  Each instance has its own, so
 * that nobody who stalls one can stall another.
 */

#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mvnet.h"

static int mvnet_pair_alloc(struct mvnet_pair *pair)
{
	struct mvnet *net = pair->net;
	gfp_t gfp = mdev_mem_gfp(mdev_soft_mem(&net->soft));
	bool csum;

	if (!pair->tx_segs) {
		pair->tx_segs = kvmalloc_array(MDEV_VQ_MAX_SEGS,
					       sizeof(*pair->tx_segs), gfp);
		if (!pair->tx_segs)
			return -ENOMEM;
	}
	/* So that there is room for a whole chain up to half of it */
	if (!pair->rx_segs) {
		pair->rx_segs = kvmalloc_array(2 * MDEV_VQ_MAX_SEGS,
					       sizeof(*pair->rx_segs), gfp);
		if (!pair->rx_segs)
			return -ENOMEM;
	}
	if (!pair->rx_chains) {
		pair->rx_chains = kvmalloc_array(MVNET_MAX_MERGE,
						 sizeof(*pair->rx_chains),
						 gfp);
		if (!pair->rx_chains)
			return -ENOMEM;
	}

	csum = mvnet_has(net, VIRTIO_NET_F_CSUM) &&
	       !mvnet_has(net, VIRTIO_NET_F_GUEST_CSUM);
	if (!pair->bounce && (csum || !mdev_soft_mem(&net->soft)->direct)) {
		pair->bounce = kvmalloc(MVNET_MAX_FRAME, gfp);
		if (!pair->bounce)
			return -ENOMEM;
	}
	return 0;
}

/**
 * mvnet_pair_prepare() - have all that it takes to serve a queue pair
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
	return mdev_worker_start(&pair->worker, mdev_soft_mem(&net->soft),
				 "mvnet-%.6s-%u",
				 dev_name(&net->soft.cdev->dev), pair->index);
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
	kvfree(pair->rx_chains);
	kvfree(pair->rx_segs);
	kvfree(pair->tx_segs);
	pair->bounce = NULL;
	pair->rx_chains = NULL;
	pair->rx_segs = NULL;
	pair->tx_segs = NULL;
}

/**
 * mvnet_pair_wake() - have a pair looked at
 * @net: the instance
 * @index: of the pair; nothing happens if there is none
 *
 * Context: any.
 */
void mvnet_pair_wake(struct mvnet *net, unsigned int index)
{
	struct mvnet_pair *pair;

	/* Without MQ the control queue stands where pair 1 would. */
	if (index >= mvnet_nr_pairs(net))
		return;

	pair = &net->pairs[index];
	if (mdev_vq_is_live(pair->rx) || mdev_vq_is_live(pair->tx))
		mdev_worker_queue(&pair->worker, &pair->work);
}

/**
 * mvnet_wake_pairs() - have all queue pairs looked at
 * @net: the instance
 *
 * Context: any.
 */
void mvnet_wake_pairs(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++)
		mvnet_pair_wake(net, i);
}

/* Notice that the memory of a queue is gone, where the other one is no more. */
static void mvnet_look(struct mvnet *net, struct mdev_vq *vq)
{
	struct mdev_mem *mem = mdev_soft_mem(&net->soft);
	int token;

	token = mdev_mem_enter(mem);
	mdev_vq_alive(vq);
	mdev_mem_leave(mem, token);
}

/* Once over the pair, whose claimed queues are said, as mvnet_pair_run() */
static enum mvnet_next mvnet_pair_pass(struct mvnet_pair *pair, bool tx,
				       bool rx, bool poll)
{
	if (tx && rx)
		return mvnet_pair_run(pair, poll);
	mvnet_look(pair->net, tx ? pair->tx : pair->rx);
	return MVNET_NEXT_KICK;
}

/* The same where others may serve the pair, too */
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
 * Serve the pair once, by the worker or by whoever kicks, to whom
 * MVNET_NEXT_RUN means that the worker has to.  Only the memory of a queue that is
 * claimed tells whether there may be others, because it stays as it is: that of
 * the instance is another one when another class driver has the instance.
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
 * Over the pair until there is something to do, or the time to poll is over, or
 * the CPU or the worker has better things to do.  The queues are let go of in
 * between, for whoever waits to stop one.
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
	pair->rx = mdev_soft_vq(&net->soft, 2 * index);
	pair->tx = mdev_soft_vq(&net->soft, 2 * index + 1);
	mdev_worker_init(&pair->worker);
	mdev_work_init(&pair->work, mvnet_pair_work);
}

/**
 * mvnet_pair_kick() - the driver has kicked a queue of a pair
 * @net: the instance
 * @index: of the pair; nothing happens if there is none
 *
 * Where the driver's memory is direct the pair is served at once: to wake the
 * worker, and to switch to it and back, takes longer than to pass a few frames
 * on.  What is left after one budget is up to the worker.
 *
 * Context: any.
 */
void mvnet_pair_kick(struct mvnet *net, unsigned int index)
{
	if (index >= mvnet_nr_pairs(net))
		return;

	/*
	 * The driver's callbacks want interrupts on.  The memory of the instance
	 * only spares a program's kick the look at the queues.
	 */
	if (!mvnet_is_direct(net) || irqs_disabled() ||
	    mvnet_pair_serve(&net->pairs[index], true, false) ==
	    MVNET_NEXT_RUN)
		mvnet_pair_wake(net, index);
}

int mvnet_set_vq_affinity(struct mdev_soft *soft, u16 idx,
			  const struct cpumask *mask)
{
	struct mvnet *net = soft_to_mvnet(soft);

	/* The control queue is served where it is kicked, or by the first. */
	if (idx >= 2 * net->max_pairs)
		return 0;
	return mdev_worker_set_affinity(&net->pairs[idx / 2].worker, mask);
}

const struct cpumask *mvnet_get_vq_affinity(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	if (idx >= 2 * net->max_pairs)
		return NULL;
	return mdev_worker_affinity(&net->pairs[idx / 2].worker);
}
