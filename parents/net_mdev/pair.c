// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: a pair of virtqueues, and what has them served: NAPI, and a worker where
 * memory has to be waited for.
 */

#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <net/page_pool/helpers.h>

#include "net_mdev.h"

static int net_mdev_pair_poll(struct napi_struct *napi, int budget)
{
	struct net_mdev_pair *pair = container_of(napi, struct net_mdev_pair,
						  napi);
	struct net_mdev_rx *rx = &pair->rx;
	int done;

	net_mdev_tx_wake(pair);
	/* That is netpoll, which wants nothing received. */
	if (!budget)
		return 0;
	done = net_mdev_rx_poll(pair, budget);
	if (done == budget)
		return budget;
	/* The stack gets what was taken before the worker gives it more. */
	napi_complete_done(napi, done);
	if (unlikely(READ_ONCE(rx->handed)))
		mdev_worker_queue(&pair->worker, &rx->work);
	return done;
}

/* With interrupts on, but in the context of one. */
static void net_mdev_pair_kicked(struct irq_work *work)
{
	napi_schedule(&container_of(work, struct net_mdev_pair,
				    kick_work)->napi);
}

/**
 * net_mdev_pair_schedule() - have the poll look at a pair soon
 * @pair: the pair
 *
 * Context: any but an NMI.
 */
void net_mdev_pair_schedule(struct net_mdev_pair *pair)
{
	if (in_interrupt()) {
		/* Whoever ends that, or lets softirqs in again, runs the poll. */
		napi_schedule(&pair->napi);
	} else if (irqs_disabled()) {
		/* An eventfd kicks like that.  Nothing would run the poll soon. */
		irq_work_queue(&pair->kick_work);
	} else {
		local_bh_disable();
		napi_schedule(&pair->napi);
		local_bh_enable();
	}
}

static void net_mdev_pair_free(struct net_mdev_pair *pair)
{
	kvfree(pair->rx.segs);
	mdev_soft_net_bufs_free(&pair->tx.bufs);
	pair->rx.segs = NULL;
}

/* Kept until the instance is removed, because frames that wait somewhere return to it. */
static int net_mdev_pair_alloc_pool(struct net_mdev_pair *pair)
{
	const struct page_pool_params params = {
		.order = NET_MDEV_POOL_ORDER,
		.pool_size = NET_MDEV_POOL_SIZE,
		.nid = NUMA_NO_NODE,
	};
	struct page_pool *pool;

	if (pair->rx.pool)
		return 0;
	pool = page_pool_create(&params);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	pair->rx.pool = pool;
	return 0;
}

static int net_mdev_pair_alloc(struct net_mdev_pair *pair)
{
	gfp_t gfp = mdev_mem_gfp(mdev_soft_mem(&pair->nm->net.soft));
	struct net_mdev_rx *rx = &pair->rx;

	if (!rx->segs)
		rx->segs = kvmalloc_array(MDEV_VQ_MAX_SEGS, sizeof(*rx->segs),
					  gfp);
	if (!rx->segs)
		return -ENOMEM;
	return mdev_soft_net_bufs_alloc(&pair->tx.bufs, gfp);
}

/**
 * net_mdev_pair_prepare() - get all that is needed to serve a pair
 * @pair: the pair, at least one of its queues not started
 *
 * Context: process context, serialised by the class driver.
 * Return: 0 or a negative errno; net_mdev_pair_reset() undoes both.
 */
int net_mdev_pair_prepare(struct net_mdev_pair *pair)
{
	struct mdev_soft *soft = &pair->nm->net.soft;
	int ret;

	ret = net_mdev_pair_alloc(pair);
	if (!ret)
		ret = net_mdev_pair_alloc_pool(pair);
	if (ret || mdev_worker_task(&pair->worker))
		return ret;
	/* The name of a task has 15 characters. */
	ret = mdev_worker_start(&pair->worker, mdev_soft_mem(soft),
				"netm-%.6s-%u", dev_name(&soft->cdev->dev),
				pair->index);
	if (!ret)
		mdev_worker_set_batch(&pair->worker);
	return ret;
}

/**
 * net_mdev_pair_reset() - undo net_mdev_pair_prepare()
 * @pair: the pair, whose queues are stopped
 *
 * Context: process context, serialised by the class driver.
 */
void net_mdev_pair_reset(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;

	mdev_worker_stop(&pair->worker);
	/* Nobody can claim a queue, so nobody sets these meanwhile. */
	smp_store_release(&pair->rx.handed, false);
	__netif_tx_lock_bh(tx->txq);
	tx->handed = false;
	WRITE_ONCE(tx->waits, false);
	tx->stalled = false;
	tx->notify = true;
	net_mdev_backlog_purge(tx);
	netif_tx_wake_queue(tx->txq);
	__netif_tx_unlock_bh(tx->txq);
	net_mdev_pair_free(pair);
}

/**
 * net_mdev_pair_init() - make a pair
 * @pair: zeroed
 * @nm: the instance, which has its network device
 * @index: of the pair
 */
void net_mdev_pair_init(struct net_mdev_pair *pair, struct net_mdev *nm,
			unsigned int index)
{
	struct net_mdev_rx *rx = &pair->rx;
	struct net_mdev_tx *tx = &pair->tx;

	pair->nm = nm;
	pair->index = index;
	init_irq_work(&pair->kick_work, net_mdev_pair_kicked);
	mdev_worker_init(&pair->worker);

	/* Each end receives what the other one sends. */
	rx->vq = mdev_soft_vq(&nm->net.soft, 2 * index + 1);
	rx->section.vqs[0] = rx->vq;
	rx->section.nowait = true;
	mdev_work_init(&rx->work, net_mdev_rx_work);

	tx->vq = mdev_soft_vq(&nm->net.soft, 2 * index);
	tx->txq = netdev_get_tx_queue(nm->dev, index);
	tx->section.vqs[0] = tx->vq;
	tx->section.nowait = true;
	tx->notify = true;
	__skb_queue_head_init(&tx->backlog);
	mdev_work_init(&tx->work, net_mdev_backlog_work);
	mdev_work_init(&tx->signal_work, net_mdev_signal_work);
	INIT_DELAYED_WORK(&tx->stall_work, net_mdev_stall_work);

	netif_napi_add(nm->dev, &pair->napi, net_mdev_pair_poll);
}

/**
 * net_mdev_pair_enable() - let the poll run
 * @pair: the pair
 *
 * Context: process context.
 */
void net_mdev_pair_enable(struct net_mdev_pair *pair)
{
	napi_enable(&pair->napi);
}

/**
 * net_mdev_pair_disable() - undo net_mdev_pair_enable()
 * @pair: the pair, reset; its network device is not registered any more
 *
 * Context: process context; sleeps.
 */
void net_mdev_pair_disable(struct net_mdev_pair *pair)
{
	irq_work_sync(&pair->kick_work);
	napi_disable(&pair->napi);
	cancel_delayed_work_sync(&pair->tx.stall_work);
	if (pair->rx.frag.page)
		put_page(pair->rx.frag.page);
	if (pair->rx.pool)
		page_pool_destroy(pair->rx.pool);
}
