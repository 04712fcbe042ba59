// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: frames from the network device to the driver.
 *
 * ndo_start_xmit copies a frame into the driver's receive queue in the context of its
 * sender.  There is nothing to be completed later, so there is no limit to the bytes
 * in flight as other devices have it (BQL): a frame waits in the qdisc only while the
 * driver has no buffer for it.
 */

#include <linux/if_vlan.h>
#include <linux/virtio_net.h>

#include "net_mdev.h"

/* Copy a frame piece by piece. */
static int net_mdev_tx_copy(struct net_mdev_tx *tx, struct mdev_vq_iter *dst,
			    const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	const struct sk_buff *part;
	unsigned int i;
	int ret;

	ret = mdev_vq_section_write(&tx->section, dst, skb->data,
				    skb_headlen(skb));
	if (ret || likely(!skb_is_nonlinear(skb)))
		return ret;
	for (i = 0; i < info->nr_frags; i++) {
		const skb_frag_t *frag = &info->frags[i];

		/* Memory of another device */
		if (unlikely(!skb_frag_page(frag)))
			return -EINVAL;
		ret = mdev_vq_section_write(&tx->section, dst,
					    skb_frag_address(frag),
					    skb_frag_size(frag));
		if (ret)
			return ret;
	}
	skb_walk_frags(skb, part) {
		ret = net_mdev_tx_copy(tx, dst, part);
		if (ret)
			return ret;
	}
	return 0;
}

/* Whether the driver can receive a frame that is not segmented */
static bool net_mdev_tx_gso_ok(const struct mdev_soft_net *net,
			       const struct sk_buff *skb)
{
	unsigned int type = skb_shinfo(skb)->gso_type;

	if (type & SKB_GSO_TCP_ECN &&
	    !mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_ECN))
		return false;
	if (type & SKB_GSO_TCPV4)
		return mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_TSO4);
	if (type & SKB_GSO_TCPV6)
		return mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_TSO6);
	if (type & SKB_GSO_UDP_L4)
		return mdev_soft_net_gso_fits(net, VIRTIO_NET_HDR_GSO_UDP_L4);
	return false;
}

/*
 * The header of a frame.  The features of the network device follow those of the driver,
 * but not at once, so look at each frame.
 */
static int net_mdev_tx_header(struct net_mdev_pair *pair, struct sk_buff *skb,
			      struct virtio_net_hdr_v1 *hdr)
{
	const struct mdev_soft_net *net = &pair->nm->net;
	bool csum = mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_CSUM);

	/* Drivers may switch checksums off alone; what is segmented later has none. */
	if (skb_is_gso(skb) && unlikely(!csum || !net_mdev_tx_gso_ok(net, skb)))
		return -EINVAL;
	if (skb->ip_summed == CHECKSUM_PARTIAL && unlikely(!csum) &&
	    skb_checksum_help(skb))
		return -EINVAL;
	return virtio_net_hdr_from_skb(skb, (struct virtio_net_hdr *)hdr, true,
				       csum, 0);
}

/*
 * Whether the driver's filters let a frame through, of which @len bytes are at @data: the
 * Ethernet header, and the tag, because the stack has put it there.
 */
static bool net_mdev_tx_accepts(struct mdev_soft_net *net, const void *data,
				u32 len)
{
	const struct vlan_ethhdr *eth = data;

	if (likely(mdev_soft_net_accepts(net, eth->h_dest)) &&
	    (likely(eth->h_vlan_proto != htons(ETH_P_8021Q)) ||
	     len < VLAN_ETH_HLEN ||
	     mdev_soft_net_accepts_vlan(net, ntohs(eth->h_vlan_TCI) &
					     VLAN_VID_MASK)))
		return true;
	atomic64_inc(&net->filtered);
	return false;
}

/*
 * Take buffers for a frame of @len bytes and write its header; @dst is where the frame
 * goes.  Returns 0 or an error, see net_mdev_tx_send(); net_mdev_tx_end() follows.
 */
static __always_inline int net_mdev_tx_begin(struct net_mdev_pair *pair,
					     struct virtio_net_hdr_v1 *hdr,
					     u32 len, struct mdev_vq_iter *dst)
{
	struct net_mdev_tx *tx = &pair->tx;
	int ret;

	ret = mdev_soft_net_bufs_take(&pair->nm->net, &tx->bufs, &tx->section,
				      tx->vq, MDEV_SOFT_NET_HDR_LEN + len);
	if (unlikely(ret))
		return ret;
	hdr->num_buffers = (__force __virtio16)cpu_to_le16(tx->bufs.nr);
	mdev_vq_iter_in_all(dst, tx->bufs.chains, tx->bufs.nr_segs);
	return mdev_vq_section_write(&tx->section, dst, hdr, sizeof(*hdr));
}

/* The frame is in its buffers, or, if @ret is an error, has to leave them.  Returns @ret. */
static __always_inline int net_mdev_tx_end(struct net_mdev_pair *pair, u32 len,
					   int ret)
{
	struct net_mdev_tx *tx = &pair->tx;

	if (unlikely(ret)) {
		mdev_soft_net_bufs_return(&tx->bufs, tx->vq);
		if (ret == -EINVAL || ret == -EMSGSIZE)
			net_mdev_count(&tx->count.errors, 1);
		return ret;
	}
	mdev_soft_net_bufs_push(&tx->bufs, tx->vq, MDEV_SOFT_NET_HDR_LEN + len);
	mdev_vq_publish(tx->vq);
	mdev_vq_count(tx->vq, len, 0);
	net_mdev_count(&tx->count.packets, 1);
	net_mdev_count(&tx->count.bytes, len);
	WRITE_ONCE(tx->stalled, false);
	if (unlikely(tx->notify)) {
		tx->notify = false;
		mdev_vq_disable_notify(tx->vq);
	}
	return 0;
}

/**
 * net_mdev_tx_send() - copy a frame into the driver's receive queue
 * @pair: the pair, whose receive queue is claimed
 * @skb: the frame; the caller frees it unless it tries again
 *
 * Counts frames that can never be sent.  The driver is not signalled.
 *
 * Context: the user of the queue, in &net_mdev_tx.section.
 * Return: 0 if it was sent, or need not be; -ENOBUFS if it has to wait for buffers;
 * -EAGAIN if memory has to be waited for; -EPROTO if the queue broke; another error if
 * it cannot be sent.
 */
int net_mdev_tx_send(struct net_mdev_pair *pair, struct sk_buff *skb)
{
	struct virtio_net_hdr_v1 hdr;
	struct mdev_vq_iter dst;
	int ret;

	pair->tx.bufs.nr = 0;
	/* BPF programs redirect anything. */
	if (unlikely(!pskb_may_pull(skb, ETH_HLEN)))
		return net_mdev_tx_end(pair, skb->len, -EINVAL);
	if (unlikely(!net_mdev_tx_accepts(&pair->nm->net, skb->data,
					  skb_headlen(skb))))
		return 0;
	ret = net_mdev_tx_header(pair, skb, &hdr);
	if (likely(!ret))
		ret = net_mdev_tx_begin(pair, &hdr, skb->len, &dst);
	if (likely(!ret))
		ret = net_mdev_tx_copy(&pair->tx, &dst, skb);
	return net_mdev_tx_end(pair, skb->len, ret);
}

/**
 * net_mdev_tx_send_raw() - as net_mdev_tx_send(), for a frame that is no &struct sk_buff
 * @pair: the pair, whose receive queue is claimed
 * @data: the frame, complete and in one piece
 * @len: its length, at least that of an Ethernet header
 *
 * Context: as net_mdev_tx_send().
 * Return: as net_mdev_tx_send().
 */
int net_mdev_tx_send_raw(struct net_mdev_pair *pair, const void *data, u32 len)
{
	struct virtio_net_hdr_v1 hdr = { 0 };
	struct mdev_vq_iter dst;
	int ret;

	if (unlikely(!net_mdev_tx_accepts(&pair->nm->net, data, len)))
		return 0;
	ret = net_mdev_tx_begin(pair, &hdr, len, &dst);
	if (likely(!ret))
		ret = mdev_vq_section_write(&pair->tx.section, &dst, data, len);
	return net_mdev_tx_end(pair, len, ret);
}

/**
 * net_mdev_tx_wait() - stop the queue until the driver adds buffers
 * @pair: the pair, whose receive queue is claimed
 *
 * Context: the user of the queue, in &net_mdev_tx.section, with the lock of
 * &net_mdev_tx.txq.
 * Return: false; true if there are some already, and the queue is not stopped.
 */
bool net_mdev_tx_wait(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;

	/*
	 * A kick that comes as soon as it was asked for finds it set, because asking
	 * is a full barrier.
	 */
	WRITE_ONCE(tx->waits, true);
	tx->notify = true;
	if (mdev_vq_enable_notify(tx->vq)) {
		WRITE_ONCE(tx->waits, false);
		return true;
	}
	netif_tx_stop_queue(tx->txq);
	net_mdev_stall_arm(pair);
	return false;
}

/**
 * net_mdev_tx_wake() - the driver may have added buffers
 * @pair: the pair
 *
 * Context: softirq.
 */
void net_mdev_tx_wake(struct net_mdev_pair *pair)
{
	struct net_mdev_tx *tx = &pair->tx;

	if (likely(!READ_ONCE(tx->waits)))
		return;
	__netif_tx_lock(tx->txq, smp_processor_id());
	if (tx->waits) {
		WRITE_ONCE(tx->waits, false);
		if (skb_queue_empty(&tx->backlog))
			netif_tx_wake_queue(tx->txq);
		else
			net_mdev_backlog_hand(pair);
	}
	__netif_tx_unlock(tx->txq);
}

static netdev_tx_t net_mdev_tx_drop(struct net_mdev_tx *tx, struct sk_buff *skb)
{
	net_mdev_count(&tx->count.dropped, 1);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

/*
 * Send a frame in a section of its own; then signal the driver, unless another one
 * follows at once, or probably will soon.  Returns as net_mdev_tx_send(); after -EBUSY
 * there are buffers again.
 */
static int net_mdev_tx_try(struct net_mdev_pair *pair, struct sk_buff *skb)
{
	struct net_mdev_tx *tx = &pair->tx;
	bool signal = false;
	int ret;

	ret = mdev_vq_section_enter(&tx->section);
	if (likely(!ret)) {
		ret = net_mdev_tx_send(pair, skb);
		if (ret == -ENOBUFS && !tx->stalled && net_mdev_tx_wait(pair))
			ret = -EBUSY;
		if (!netdev_xmit_more() || ret)
			signal = net_mdev_signal_wanted(tx);
	}
	mdev_vq_section_leave(&tx->section);
	if (!signal)
		return ret;
	if (!ret && skb_is_gso(skb))
		net_mdev_signal_later(pair);
	else
		net_mdev_signal(tx);
	return ret;
}

/**
 * net_mdev_start_xmit() - send a frame to the driver
 * @skb: the frame
 * @dev: the network device
 *
 * Context: softirqs off, interrupts on, with the lock of the queue.
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY if the frame is to come again.
 */
netdev_tx_t net_mdev_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct net_mdev *nm = dev_to_net_mdev(dev);
	struct net_mdev_pair *pair = &nm->pairs[skb_get_queue_mapping(skb)];
	struct net_mdev_tx *tx = &pair->tx;
	int ret = -EPROTO;

	if (unlikely(tx->handed || !skb_queue_empty(&tx->backlog)))
		return net_mdev_backlog_add(pair, skb);

	/* A pair that is off gets nothing more. */
	if (likely(mdev_soft_net_pair_state(&nm->net, pair->index) ==
		   MDEV_SOFT_NET_PAIR_ON && mdev_vq_claim(tx->vq))) {
		/* Not for another driver than this one, see net_mdev_forget() */
		if (likely(netif_carrier_ok(dev)))
			ret = net_mdev_tx_try(pair, skb);
		mdev_vq_release(tx->vq);
	}
	if (likely(!ret)) {
		skb_tx_timestamp(skb);
		dev_consume_skb_any(skb);
		return NETDEV_TX_OK;
	}
	if (ret == -EBUSY || (ret == -ENOBUFS && !tx->stalled))
		return NETDEV_TX_BUSY;
	if (ret == -EAGAIN) {
		/* There are buffers; whether their memory answers is another matter. */
		tx->stalled = false;
		return net_mdev_backlog_add(pair, skb);
	}
	return net_mdev_tx_drop(tx, skb);
}
