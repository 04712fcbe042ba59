// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: when the driver is signalled that frames have come.
 *
 * A signal wakes the driver up, which takes what is there and acknowledges it.  A sender
 * of large frames mostly has more of them, and the driver would be woken up for each.  So
 * after a large frame the signal is left to the pair's worker.  It does not take the CPU
 * from the sender, so all that the sender has until it blocks costs one signal; where
 * another CPU is idle the worker signals from there, at once.
 *
 * The sender signals itself after any other frame, when the driver has no buffer left,
 * and when the worker has something else to do, because it might wait for memory there.
 */

#include "net_mdev.h"

/**
 * net_mdev_signal_wanted() - whether the driver wants a signal for what was published
 * @tx: of the pair, its queue claimed
 *
 * To be called once after a batch.
 *
 * Context: the user of the queue, in &net_mdev_tx.section.
 * Return: true if net_mdev_signal() or net_mdev_signal_later() has to follow.
 */
bool net_mdev_signal_wanted(struct net_mdev_tx *tx)
{
	/* An event index that was passed before is not found again. */
	return mdev_vq_need_signal(tx->vq) || tx->due;
}

/**
 * net_mdev_signal() - signal the driver
 * @tx: of the pair, its queue claimed
 *
 * Context: the user of the queue, process or softirq context with interrupts on; in no
 * section.
 */
void net_mdev_signal(struct net_mdev_tx *tx)
{
	mdev_vq_signal(tx->vq);
	if (tx->due) {
		tx->due = false;
		/* Pairs with mdev_vq_claim() in net_mdev_signal_later() */
		mdev_vq_release(tx->vq);
	}
}

/**
 * net_mdev_signal_later() - signal the driver when the sender has nothing more
 * @pair: the pair, its receive queue claimed
 *
 * Context: as net_mdev_signal(), with the lock of &net_mdev_tx.txq.
 */
void net_mdev_signal_later(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;

	if (tx->due)
		return;
	/* Fails if somebody waits for the user of the queue to leave. */
	tx->due = mdev_vq_claim(tx->vq);
	if (!tx->due ||
	    !mdev_worker_queue_idle(&pair->worker, &tx->signal_work))
		net_mdev_signal(tx);
	else
		net_mdev_count(&tx->count.late_signals, 1);
}

/**
 * net_mdev_signal_work() - deliver the signal that is due
 * @work: that of the pair
 *
 * Context: the worker of the pair.
 */
void net_mdev_signal_work(struct mdev_work *work)
{
	struct net_mdev_pair *pair = container_of(work, struct net_mdev_pair,
						  tx.signal_work);
	struct net_mdev_tx *tx = &pair->tx;

	/* The user of the queue is whoever holds the lock, or the worker. */
	__netif_tx_lock_bh(tx->txq);
	if (tx->due)
		net_mdev_signal(tx);
	__netif_tx_unlock_bh(tx->txq);
}
