// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: frames that wait for the driver: for its memory, which the worker faults in,
 * or for its buffers.  Neither lasts longer than &net_mdev.stall, because whoever sent
 * the frames may be waiting for them.
 */

#include <linux/jiffies.h>

#include "net_mdev.h"

/* Frames and bytes that the worker has waiting */
#define NET_MDEV_BACKLOG	64
#define NET_MDEV_BACKLOG_BYTES	(256 * 1024)

/**
 * net_mdev_backlog_hand() - have the worker send the backlog
 * @pair: the pair, with the lock of &net_mdev_tx.txq; nobody uses its receive queue
 */
void net_mdev_backlog_hand(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;

	tx->handed = true;
	net_mdev_stall_arm(pair);
	mdev_worker_queue(&pair->worker, &tx->work);
}

/**
 * net_mdev_backlog_add() - leave a frame to the worker
 * @pair: the pair
 * @skb: the frame
 *
 * Context: as net_mdev_start_xmit(), in place of the user of the queue.
 * Return: as net_mdev_start_xmit().
 */
netdev_tx_t net_mdev_backlog_add(struct net_mdev_pair *pair,
				 struct sk_buff *skb)
{
	struct net_mdev_tx *tx = &pair->tx;

	/* The sender's pages are not the sender's to wait for. */
	if (tx->stalled || skb_orphan_frags(skb, GFP_ATOMIC)) {
		net_mdev_count(&tx->count.dropped, 1);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	if (skb_queue_len(&tx->backlog) >= NET_MDEV_BACKLOG ||
	    tx->backlog_bytes >= NET_MDEV_BACKLOG_BYTES) {
		netif_tx_stop_queue(tx->txq);
		return NETDEV_TX_BUSY;
	}
	__skb_queue_tail(&tx->backlog, skb);
	tx->backlog_bytes += skb->len;
	if (!tx->handed && !tx->waits)
		net_mdev_backlog_hand(pair);
	return NETDEV_TX_OK;
}

static struct sk_buff *net_mdev_backlog_get(struct net_mdev_tx *tx)
{
	struct sk_buff *skb = __skb_dequeue(&tx->backlog);

	if (skb)
		tx->backlog_bytes -= skb->len;
	return skb;
}

/**
 * net_mdev_backlog_purge() - drop all frames that wait
 * @tx: of the pair, with the lock of &net_mdev_tx.txq
 */
void net_mdev_backlog_purge(struct net_mdev_tx *tx)
{
	struct sk_buff *skb;

	while ((skb = net_mdev_backlog_get(tx))) {
		net_mdev_count(&tx->count.dropped, 1);
		dev_kfree_skb_any(skb);
	}
}

/* Send one frame of the backlog.  As net_mdev_tx_send(); -ENOENT if there is none. */
static int net_mdev_backlog_send(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;
	struct sk_buff *skb;
	int ret;

	__netif_tx_lock_bh(tx->txq);
	skb = net_mdev_backlog_get(tx);
	__netif_tx_unlock_bh(tx->txq);
	if (!skb)
		return -ENOENT;

	ret = net_mdev_tx_send(pair, skb);
	__netif_tx_lock_bh(tx->txq);
	if (ret == -ENOBUFS && !tx->stalled) {
		__skb_queue_head(&tx->backlog, skb);
		tx->backlog_bytes += skb->len;
		skb = NULL;
	} else if (ret) {
		net_mdev_count(&tx->count.dropped, 1);
		/* Whoever stalls is not waited for again. */
		ret = ret == -ENOBUFS ? -EINVAL : ret;
	}
	__netif_tx_unlock_bh(tx->txq);
	if (!ret)
		net_mdev_count(&tx->count.deferred, 1);
	dev_kfree_skb(skb);
	return ret;
}

/*
 * Send frames of the backlog, until there is none, or the driver has no buffer and will
 * kick when it has one.
 */
static void net_mdev_backlog_run(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;
	bool signal = false;
	unsigned int nr = 0;
	int ret;

	ret = mdev_vq_section_enter(&tx->section);
	if (!ret) {
		do {
			ret = net_mdev_backlog_send(pair);
		} while (ret != -EPROTO && ret != -ENOBUFS && ret != -ENOENT &&
			 ++nr < NET_MDEV_BACKLOG && mdev_vq_is_live(tx->vq));
		signal = net_mdev_signal_wanted(tx);
	}
	__netif_tx_lock_bh(tx->txq);
	if (ret == -EPROTO)
		net_mdev_backlog_purge(tx);
	else if (ret == -ENOBUFS && !skb_queue_empty(&tx->backlog))
		net_mdev_tx_wait(pair);
	__netif_tx_unlock_bh(tx->txq);
	mdev_vq_section_leave(&tx->section);
	if (signal)
		net_mdev_signal(tx);
}

/**
 * net_mdev_backlog_work() - send frames that have to wait for memory
 * @work: that of the pair
 *
 * Context: the worker of the pair.
 */
void net_mdev_backlog_work(struct mdev_work *work)
{
	struct net_mdev_pair *pair = container_of(work, struct net_mdev_pair,
						  tx.work);
	struct net_mdev_tx *tx = &pair->tx;
	bool live;

	if (!READ_ONCE(tx->handed))
		return;
	live = mdev_vq_claim(tx->vq);
	if (live) {
		tx->section.nowait = false;
		net_mdev_backlog_run(pair);
		tx->section.nowait = true;
		mdev_vq_release(tx->vq);
	}

	/* As soon as the lock is free the sender of a frame may be the user. */
	__netif_tx_lock_bh(tx->txq);
	if (!live)
		net_mdev_backlog_purge(tx);
	if (!skb_queue_empty(&tx->backlog) && !tx->waits) {
		tx->since = jiffies;
		mdev_worker_queue(&pair->worker, work);
	} else {
		tx->handed = false;
		if (!tx->waits)
			netif_tx_wake_queue(tx->txq);
	}
	__netif_tx_unlock_bh(tx->txq);
}

/**
 * net_mdev_stall_arm() - look later whether the driver takes too long
 * @pair: the pair, with the lock of &net_mdev_tx.txq
 */
void net_mdev_stall_arm(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;

	tx->since = jiffies;
	/* If it is pending, it will look at @since, and come again. */
	schedule_delayed_work(&tx->stall_work,
			      msecs_to_jiffies(READ_ONCE(pair->nm->stall)));
}

/**
 * net_mdev_stall_work() - drop frames for which the driver takes too long
 * @work: that of the pair
 *
 * Context: process context.
 */
void net_mdev_stall_work(struct work_struct *work)
{
	struct net_mdev_pair *pair = container_of(to_delayed_work(work),
						  struct net_mdev_pair,
						  tx.stall_work);
	struct net_mdev_tx *tx = &pair->tx;
	unsigned long end;

	__netif_tx_lock_bh(tx->txq);
	end = tx->since + msecs_to_jiffies(READ_ONCE(pair->nm->stall));
	if (!tx->handed && !tx->waits)
		goto out;
	if (time_before(jiffies, end)) {
		schedule_delayed_work(&tx->stall_work, end - jiffies);
		goto out;
	}
	tx->stalled = true;
	WRITE_ONCE(tx->waits, false);
	net_mdev_count(&tx->count.stalls, 1);
	net_mdev_backlog_purge(tx);
	if (tx->handed)
		net_mdev_stall_arm(pair);
	/* What the qdisc has comes next, and is dropped. */
	netif_tx_wake_queue(tx->txq);
out:
	__netif_tx_unlock_bh(tx->txq);
}
