// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: frames of XDP programs to the driver.
 *
 * They come from programs of this network device, or of any other one, and are copied
 * like all others.  Nothing waits for a driver without buffers, because there is no
 * qdisc to wait in.  Where memory of the driver has to be waited for, they wait in the
 * backlog: otherwise it would never be at hand if nobody else sends.
 */

#include <linux/filter.h>
#include <net/xdp.h>

#include "net_mdev.h"

/*
 * Send frames in a section of its own.  Returns 0, or the error of the first one that
 * was not sent; @done are.
 */
static int net_mdev_xdp_send_section(struct net_mdev_pair *pair,
				     struct xdp_frame **frames, int nr,
				     int *done)
{
	struct net_mdev_tx *tx = &pair->tx;
	bool signal = false;
	int ret;

	ret = mdev_vq_section_enter(&tx->section);
	if (likely(!ret)) {
		while (*done < nr) {
			const struct xdp_frame *frame = frames[*done];

			ret = net_mdev_tx_send_raw(pair, frame->data, frame->len);
			if (likely(!ret))
				net_mdev_count(&tx->count.xdp_packets, 1);
			else if (ret != -EMSGSIZE)
				break;
			/* What never fits does not keep up what comes next. */
			ret = 0;
			++*done;
		}
		signal = net_mdev_signal_wanted(tx);
	}
	mdev_vq_section_leave(&tx->section);
	if (signal)
		net_mdev_signal(tx);
	return ret;
}

/* Leave a frame to the worker.  Returns false if there is no room. */
static bool net_mdev_xdp_defer(struct net_mdev_pair *pair,
			       const struct xdp_frame *frame)
{
	struct sk_buff *skb = netdev_alloc_skb(pair->nm->dev, frame->len);

	if (!skb)
		return false;
	skb_put_data(skb, frame->data, frame->len);
	if (net_mdev_backlog_add(pair, skb) == NETDEV_TX_OK)
		return true;
	dev_kfree_skb_any(skb);
	return false;
}

/* As net_mdev_xdp_send(), with the lock of &net_mdev_tx.txq; frees nothing. */
static int net_mdev_xdp_send_locked(struct net_mdev_pair *pair,
				    struct xdp_frame **frames, int nr)
{
	struct net_mdev *nm = pair->nm;
	struct net_mdev_tx *tx = &pair->tx;
	int ret = -EPROTO;
	int done = 0;

	if (unlikely(!netif_running(nm->dev) ||
		     mdev_soft_net_pair_state(&nm->net, pair->index) !=
		     MDEV_SOFT_NET_PAIR_ON))
		return 0;
	if (unlikely(tx->handed || !skb_queue_empty(&tx->backlog))) {
		ret = -EAGAIN;
	} else if (likely(mdev_vq_claim(tx->vq))) {
		/* Not for another driver than this one, see net_mdev_forget() */
		if (likely(netif_carrier_ok(nm->dev)))
			ret = net_mdev_xdp_send_section(pair, frames, nr, &done);
		mdev_vq_release(tx->vq);
	}
	if (unlikely(ret == -EAGAIN))
		while (done < nr && net_mdev_xdp_defer(pair, frames[done]))
			done++;
	net_mdev_count(&tx->count.xdp_drops, nr - done);
	return done;
}

/**
 * net_mdev_xdp_send() - send frames to the driver
 * @pair: the pair
 * @frames: the frames
 * @nr: how many
 *
 * Context: softirqs off.
 * Return: how many are done with, and freed; the caller frees the others.
 */
int net_mdev_xdp_send(struct net_mdev_pair *pair, struct xdp_frame **frames,
		      int nr)
{
	struct net_mdev_tx *tx = &pair->tx;
	int done, i;

	__netif_tx_lock(tx->txq, smp_processor_id());
	done = net_mdev_xdp_send_locked(pair, frames, nr);
	__netif_tx_unlock(tx->txq);
	for (i = 0; i < done; i++)
		xdp_return_frame(frames[i]);
	return done;
}

/**
 * net_mdev_xdp_xmit() - &net_device_ops.ndo_xdp_xmit
 * @dev: the network device
 * @nr: how many frames
 * @frames: the frames, each in one piece
 * @flags: XDP_XMIT_FLUSH, which makes no difference
 *
 * Context: softirqs off.
 * Return: how many were sent; the caller frees the others.  Or a negative errno.
 */
int net_mdev_xdp_xmit(struct net_device *dev, int nr, struct xdp_frame **frames,
		      u32 flags)
{
	struct net_mdev *nm = dev_to_net_mdev(dev);
	unsigned int index;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	if (unlikely(!netif_carrier_ok(dev)))
		return -ENETDOWN;
	index = smp_processor_id() % READ_ONCE(dev->real_num_tx_queues);
	return net_mdev_xdp_send(&nm->pairs[index], frames, nr);
}
