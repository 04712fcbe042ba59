// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: frames from the driver to the network device.
 *
 * The NAPI poll of a pair copies frames out of the driver's transmit queue and hands
 * them to the stack.  It cannot wait for memory of the driver: then it hands the queue
 * to the pair's worker, which carries some frames and hands the queue back.
 */

#include <linux/etherdevice.h>
#include <linux/virtio_net.h>
#include <net/page_pool/helpers.h>

#include "net_mdev.h"
#include "xdp.h"

/* Frames in one run of the worker, and bytes in one section or run if they are large */
#define NET_MDEV_RX_BUDGET	64
#define NET_MDEV_RX_BYTES	(128 * 1024)
#define NET_MDEV_RX_BUDGET_BYTES (512 * 1024)

/* A frame up to this size is in one piece; of a larger one this is */
#define NET_MDEV_RX_LINEAR	2048
#define NET_MDEV_RX_HEAD	256

/**
 * struct net_mdev_run - one run over the driver's transmit queue
 * @napi: that of the pair, if its poll is running; NULL for the worker
 * @xdp: takes the frames, if an XDP program is attached and the poll is running
 * @left: frames that may still be taken
 * @taken: frames that were
 * @over: there was the last section
 * @cost: of the run so far, see mdev_vq_chain_cost()
 * @ready: frames for the stack
 */
struct net_mdev_run {
	struct napi_struct *napi;
	struct net_mdev_xdp_queue *xdp;
	int left;
	int taken;
	bool over;
	u64 cost;
	struct sk_buff_head ready;
};

/* How much of a frame is in one piece; the rest is in pages. */
static u32 net_mdev_rx_linear(u32 len)
{
	return len <= NET_MDEV_RX_LINEAR ? len : NET_MDEV_RX_HEAD;
}

static struct sk_buff *net_mdev_rx_alloc(struct net_mdev_pair *pair,
					 struct napi_struct *napi, u32 len)
{
	/* What napi_alloc_skb() takes from belongs to the softirq of this CPU. */
	if (likely(napi))
		return napi_alloc_skb(napi, net_mdev_rx_linear(len));
	return netdev_alloc_skb(pair->nm->dev, net_mdev_rx_linear(len));
}

/*
 * A piece of memory of up to *@len bytes for a part of a large frame; *@len is how many.
 * The poll has it from a pool, to which it returns when the frame has been read: new pages
 * would have to be cleared first.  NULL if there is none.
 */
static struct page *net_mdev_rx_page(struct net_mdev_rx *rx, bool pooled,
				     u32 *len, u32 *offset)
{
	struct page_frag *frag = &rx->frag;
	struct page *page;

	*len = min_t(u32, *len, NET_MDEV_POOL_PAGE);
	if (likely(pooled)) {
		page = page_pool_dev_alloc_frag(rx->pool, offset, *len);
		if (likely(page))
			return page;
	}
	if (!skb_page_frag_refill(min_t(u32, *len, PAGE_SIZE), frag,
				  GFP_ATOMIC))
		return NULL;
	*len = min_t(u32, *len, frag->size - frag->offset);
	*offset = frag->offset;
	frag->offset += *len;
	get_page(frag->page);
	return frag->page;
}

/* Copy what does not fit into the head into pages.  0; -ENOMEM; or a section's error. */
static int net_mdev_rx_pages(struct net_mdev_rx *rx, bool pooled,
			     struct sk_buff *skb, struct mdev_vq_iter *data,
			     u32 len)
{
	unsigned int nr;
	struct page *page;
	u32 offset, n;
	int ret;

	if (pooled)
		skb_mark_for_recycle(skb);
	for (nr = 0; len; nr++, len -= n) {
		if (nr == MAX_SKB_FRAGS)
			return -ENOMEM;
		n = len;
		page = net_mdev_rx_page(rx, pooled, &n, &offset);
		if (unlikely(!page))
			return -ENOMEM;
		skb_add_rx_frag(skb, nr, page, offset, n, n);
		ret = mdev_vq_section_read(&rx->section, data,
					   page_address(page) + offset, n);
		if (unlikely(ret))
			return ret;
	}
	return 0;
}

/*
 * Copy header and frame.  Both come with one read, because most frames are small: the
 * header goes in front of the frame, where there is room, and from there to @hdr, because
 * the stack may use that room.  Returns 0; -EINVAL for a header that is not valid; -ENOMEM;
 * or an error of the section.
 */
static int net_mdev_rx_copy(struct net_mdev_pair *pair, bool pooled,
			    struct sk_buff *skb, u32 len,
			    struct virtio_net_hdr_v1 *hdr)
{
	u32 linear = net_mdev_rx_linear(len);
	struct net_mdev_rx *rx = &pair->rx;
	struct mdev_vq_iter data;
	void *head;
	int ret;

	BUILD_BUG_ON(NET_SKB_PAD < MDEV_SOFT_NET_HDR_LEN);
	head = skb_put(skb, linear) - MDEV_SOFT_NET_HDR_LEN;
	mdev_vq_iter_out(&data, &rx->chain);
	ret = mdev_vq_section_read(&rx->section, &data, head,
				   MDEV_SOFT_NET_HDR_LEN + linear);
	if (unlikely(ret))
		return ret;
	memcpy(hdr, head, sizeof(*hdr));
	if (unlikely(!mdev_soft_net_hdr_valid(&pair->nm->net, hdr, len)))
		return -EINVAL;
	if (likely(len == linear))
		return 0;
	return net_mdev_rx_pages(rx, pooled, skb, &data, len - linear);
}

/*
 * Whoever has switched off that checksums are left to this end wants them in the frame,
 * and so do XDP programs.  Those of large frames are completed when these are segmented.
 */
static void net_mdev_rx_checksum(const struct net_mdev *nm, struct sk_buff *skb)
{
	if (likely(nm->dev->features & NETIF_F_RXCSUM) &&
	    likely(!rcu_access_pointer(nm->xdp)))
		return;
	if (skb->ip_summed == CHECKSUM_PARTIAL && !skb_is_gso(skb))
		skb_checksum_help(skb);
	else if (skb->ip_summed == CHECKSUM_UNNECESSARY)
		skb->ip_summed = CHECKSUM_NONE;
}

/* The frame at hand is consumed, and @counter counts it as lost. */
static int net_mdev_rx_drop(struct net_mdev_rx *rx, u64 *counter)
{
	mdev_vq_push(rx->vq, &rx->chain, 0);
	mdev_vq_count(rx->vq, 0, 1);
	net_mdev_count(counter, 1);
	return 1;
}

/*
 * Copy the frame of a popped chain to an skb of @run.  Returns 0; -EINVAL if its header is
 * not valid; -ENOMEM; or an error of the section.
 */
static int net_mdev_rx_skb(struct net_mdev_pair *pair, struct net_mdev_run *run,
			   u32 len)
{
	struct virtio_net_hdr_v1 hdr;
	struct sk_buff *skb;
	int ret;

	skb = net_mdev_rx_alloc(pair, run->napi, len);
	if (unlikely(!skb))
		return -ENOMEM;
	ret = net_mdev_rx_copy(pair, run->napi, skb, len, &hdr);
	if (likely(!ret) &&
	    unlikely(virtio_net_hdr_to_skb(skb, (struct virtio_net_hdr *)&hdr,
					   true)))
		ret = -EINVAL;
	if (unlikely(ret)) {
		kfree_skb(skb);
		return ret;
	}
	net_mdev_rx_checksum(pair->nm, skb);
	if (run->xdp)
		net_mdev_xdp_add_skb(run->xdp, skb);
	else
		__skb_queue_tail(&run->ready, skb);
	return 0;
}

/*
 * The frame of a popped chain.  Returns 1 if the chain was pushed, and an error of the
 * section otherwise.
 */
static int net_mdev_rx_frame(struct net_mdev_pair *pair,
			     struct net_mdev_run *run)
{
	struct mdev_soft_net *net = &pair->nm->net;
	struct net_mdev_rx *rx = &pair->rx;
	u32 len;
	int ret;

	if (unlikely(rx->chain.out_len < MDEV_SOFT_NET_HDR_LEN + ETH_HLEN ||
		     rx->chain.out_len > MDEV_SOFT_NET_HDR_LEN + NET_MDEV_MAX_FRAME))
		return net_mdev_rx_drop(rx, &rx->count.errors);
	len = rx->chain.out_len - MDEV_SOFT_NET_HDR_LEN;
	/* Nobody would take them, and the driver waits for its buffers. */
	if (unlikely(!mdev_soft_net_link_is_up(net) ||
		     mdev_soft_net_pair_state(net, pair->index) ==
		     MDEV_SOFT_NET_PAIR_OFF))
		return net_mdev_rx_drop(rx, &rx->count.dropped);

	if (run->xdp && len <= NET_MDEV_XDP_FRAME)
		ret = net_mdev_xdp_add(pair, run->xdp, len);
	else
		ret = net_mdev_rx_skb(pair, run, len);
	if (likely(!ret)) {
		mdev_vq_push(rx->vq, &rx->chain, 0);
		mdev_vq_count(rx->vq, len, 0);
		net_mdev_count(&rx->count.packets, 1);
		net_mdev_count(&rx->count.bytes, len);
		return 1;
	}
	if (ret == -EINVAL)
		return net_mdev_rx_drop(rx, &rx->count.errors);
	return ret == -ENOMEM ? net_mdev_rx_drop(rx, &rx->count.dropped) : ret;
}

/*
 * Take the next frame.  Returns 1; 0 if there is none; -EAGAIN if it has to be waited
 * for; -EPROTO if the queue broke.
 */
static int net_mdev_rx_one(struct net_mdev_pair *pair,
			   struct net_mdev_run *run)
{
	struct net_mdev_rx *rx = &pair->rx;
	int ret;

	rx->chain.segs = rx->segs;
	rx->chain.max_segs = MDEV_VQ_MAX_SEGS;
	ret = mdev_vq_section_pop(&rx->section, rx->vq, &rx->chain);
	if (ret <= 0)
		return ret;
	if (unlikely(rx->chain.nr_in)) {
		mdev_vq_break(rx->vq, "a transmit buffer with %u bytes to write",
			      rx->chain.in_len);
		ret = -EPROTO;
	} else {
		ret = net_mdev_rx_frame(pair, run);
	}
	if (unlikely(ret < 0)) {
		mdev_vq_unpop(rx->vq, &rx->chain);
		return ret;
	}
	run->taken++;
	run->left--;
	run->cost += mdev_vq_chain_cost(&rx->chain);
	return 1;
}

/* Whether a run is over; @ret is what net_mdev_rx_one() returned for its last frame. */
static bool net_mdev_rx_over(const struct net_mdev_pair *pair,
			     const struct net_mdev_run *run, int ret)
{
	/* Whoever stops the queue does not wait for the other frames. */
	return ret <= 0 || run->left <= 0 ||
	       run->cost >= NET_MDEV_RX_BUDGET_BYTES ||
	       !mdev_vq_is_live(pair->rx.vq);
}

/*
 * Take frames in one section; if it is the last one of @run, signal the driver.  Returns as
 * net_mdev_rx_one() for the last frame; 0 only if the driver is going to kick for the next.
 */
static int net_mdev_rx_section(struct net_mdev_pair *pair,
			       struct net_mdev_run *run)
{
	struct mdev_vq *vq = pair->rx.vq;
	u64 end = run->cost + NET_MDEV_RX_BYTES;
	bool signal = false;
	int nr = 0;
	int ret;

	ret = mdev_vq_section_enter(&pair->rx.section);
	run->over = ret;
	if (unlikely(ret))
		goto leave;
	mdev_vq_disable_notify(vq);
	do {
		ret = net_mdev_rx_one(pair, run);
	} while (!net_mdev_rx_over(pair, run, ret) &&
		 ++nr < NET_MDEV_RX_SECTION && run->cost < end);

	mdev_vq_publish(vq);
	if (!ret && mdev_vq_enable_notify(vq))
		ret = 1;
	/* Once, because the answer may change. */
	run->over = net_mdev_rx_over(pair, run, ret);
	if (run->over)
		signal = mdev_vq_need_signal(vq);
leave:
	mdev_vq_section_leave(&pair->rx.section);
	if (signal)
		mdev_vq_signal(vq);
	return ret;
}

/**
 * net_mdev_rx_receive() - hand a frame to the stack
 * @pair: the pair that it came from
 * @napi: that of the pair, if its poll is running; NULL for the worker
 * @skb: the frame, after eth_type_trans()
 *
 * Context: the user of the pair's transmit queue, with softirqs off, in no section.
 */
void net_mdev_rx_receive(struct net_mdev_pair *pair, struct napi_struct *napi,
			 struct sk_buff *skb)
{
	skb_record_rx_queue(skb, pair->index);
	net_mdev_steer_learn(pair, skb);
	if (likely(napi))
		napi_gro_receive(napi, skb);
	else
		netif_receive_skb(skb);
}

/* Hand frames to the stack, outside of any section: that takes a while. */
static void net_mdev_rx_deliver(struct net_mdev_pair *pair,
				struct net_mdev_run *run)
{
	struct sk_buff *skb;

	if (run->xdp) {
		net_mdev_xdp_run(pair, run->xdp);
		return;
	}
	while ((skb = __skb_dequeue(&run->ready))) {
		skb->protocol = eth_type_trans(skb, pair->nm->dev);
		if (likely(run->napi)) {
			net_mdev_rx_receive(pair, run->napi, skb);
			continue;
		}
		local_bh_disable();
		skb = net_mdev_xdp_run_skb(pair, skb);
		if (skb)
			net_mdev_rx_receive(pair, NULL, skb);
		local_bh_enable();
	}
}

/* Take frames until there are no more or @run ends.  As net_mdev_rx_section(). */
static int net_mdev_rx_run(struct net_mdev_pair *pair, struct net_mdev_run *run)
{
	int ret;

	__skb_queue_head_init(&run->ready);
	do {
		ret = net_mdev_rx_section(pair, run);
		net_mdev_rx_deliver(pair, run);
	} while (!run->over);
	return ret;
}

/**
 * net_mdev_rx_poll() - take frames from the driver, in its pair's NAPI poll
 * @pair: the pair
 * @budget: how many at most
 *
 * Context: softirq.
 * Return: how many, or @budget if there may be more.  If the worker has the queue from
 * now on, &net_mdev_rx.handed is set, and the caller queues the work.
 */
int net_mdev_rx_poll(struct net_mdev_pair *pair, int budget)
{
	struct net_mdev_run run = {
		.napi = &pair->napi,
		.xdp = net_mdev_xdp_queue(pair),
		.left = budget,
	};
	struct net_mdev_rx *rx = &pair->rx;
	int ret;

	/* Pairs with smp_store_release() in net_mdev_rx_work() */
	if (smp_load_acquire(&rx->handed) || !mdev_vq_claim(rx->vq))
		return 0;
	ret = net_mdev_rx_run(pair, &run);
	/* Before the queue can be stopped, because a reset clears it. */
	if (unlikely(ret == -EAGAIN))
		WRITE_ONCE(rx->handed, true);
	mdev_vq_release(rx->vq);
	return ret > 0 ? budget : min(run.taken, budget - 1);
}

/**
 * net_mdev_rx_work() - take frames that have to be waited for
 * @work: that of the pair
 *
 * Context: the worker of the pair.
 */
void net_mdev_rx_work(struct mdev_work *work)
{
	struct net_mdev_pair *pair = container_of(work, struct net_mdev_pair,
						  rx.work);
	struct net_mdev_run run = { .left = NET_MDEV_RX_BUDGET };
	struct net_mdev_rx *rx = &pair->rx;
	bool again = false;

	if (!READ_ONCE(rx->handed))
		return;
	if (mdev_vq_claim(rx->vq)) {
		rx->section.nowait = false;
		/* If all memory is copied, the poll would only hand it back. */
		again = net_mdev_rx_run(pair, &run) > 0 &&
			mdev_mem_is_copied(mdev_vq_mem(rx->vq));
		rx->section.nowait = true;
		net_mdev_count(&rx->count.deferred, run.taken);
		mdev_vq_release(rx->vq);
	}
	if (again) {
		mdev_worker_queue(&pair->worker, work);
		return;
	}
	/* Pairs with smp_load_acquire() in net_mdev_rx_poll() */
	smp_store_release(&rx->handed, false);
	net_mdev_pair_schedule(pair);
}
