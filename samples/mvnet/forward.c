// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the path of a frame from the transmit queue to the receive queue of a
 * pair.
 *
 * All of it runs inside a read section of the driver's memory.  If an address
 * is not available there, the section is left, the address is faulted in, and the
 * section is entered again; chains popped so far stay popped.  "In a section"
 * below means that the function is called in one and returns in one, maybe
 * another one.
 */

#include <linux/if_ether.h>
#include <linux/virtio_ring.h>

#include "mvnet.h"

/* Frames in one run and in one section, and bytes in case they are large */
#define MVNET_BUDGET		64
#define MVNET_BUDGET_BYTES	(512 * 1024)
#define MVNET_SECTION_FRAMES	16
#define MVNET_SECTION_BYTES	(128 * 1024)

/* Results of a frame other than an error */
#define MVNET_EMPTY		0
#define MVNET_DONE		1

/**
 * struct mvnet_head - the part of a frame that the device looks at
 * @hdr: its header
 * @dest: where it goes to
 */
struct mvnet_head {
	struct virtio_net_hdr_v1 hdr;
	u8 dest[ETH_ALEN];
};

/* Enter a section.  False if a ring may not be touched in it. */
static bool mvnet_enter(struct mvnet_pair *pair)
{
	bool rx, tx;

	pair->token = mdev_mem_enter(pair->mem);
	/* Check both, because each has to break if its memory is gone. */
	rx = mdev_vq_alive(pair->rx);
	tx = mdev_vq_alive(pair->tx);
	return rx && tx;
}

static void mvnet_leave(struct mvnet_pair *pair)
{
	mdev_mem_leave(pair->mem, pair->token);
}

/* In a section.  Like mdev_vq_pop(), but handles -EAGAIN. */
static int mvnet_pop(struct mvnet_pair *pair, struct mdev_vq *vq,
		     struct mdev_vq_chain *chain)
{
	int ret;

	while ((ret = mdev_vq_pop(vq, chain)) == -EAGAIN) {
		mvnet_leave(pair);
		ret = mdev_vq_fault(vq);
		if (!mvnet_enter(pair) || ret)
			return -EPROTO;
	}
	return ret;
}

/* In a section: read from the frame. */
static int mvnet_get(struct mvnet_pair *pair, struct mdev_vq_iter *src,
		     void *buf, size_t len)
{
	size_t done = mdev_vq_copy_from(pair->mem, src, buf, len);
	int ret;

	if (likely(done == len))
		return 0;

	mvnet_leave(pair);
	ret = mdev_vq_read(pair->mem, src, buf + done, len - done);
	if (ret)
		mdev_vq_break_at(src);
	return mvnet_enter(pair) ? ret : -EPROTO;
}

/* In a section: write to the receive buffers. */
static int mvnet_put(struct mvnet_pair *pair, struct mdev_vq_iter *dst,
		     const void *buf, size_t len)
{
	size_t done = mdev_vq_copy_to(pair->mem, dst, buf, len);
	int ret;

	if (likely(done == len))
		return 0;

	mvnet_leave(pair);
	ret = mdev_vq_write(pair->mem, dst, buf + done, len - done);
	if (ret)
		mdev_vq_break_at(dst);
	return mvnet_enter(pair) ? ret : -EPROTO;
}

/* In a section: copy from the frame to the receive buffers. */
static int mvnet_move(struct mvnet_pair *pair, struct mdev_vq_iter *dst,
		      struct mdev_vq_iter *src, size_t len)
{
	size_t done = mdev_vq_copy(pair->mem, dst, src, len);
	struct mdev_vq_iter *bad;
	int ret;

	if (likely(done == len))
		return 0;

	mvnet_leave(pair);
	if (pair->bounce) {
		ret = mdev_vq_move(pair->mem, dst, src, len - done,
				   pair->bounce, MVNET_MAX_FRAME, &bad);
	} else {
		/* Direct memory, where a miss is final */
		ret = -EFAULT;
		bad = src;
	}
	if (ret)
		mdev_vq_break_at(bad);
	return mvnet_enter(pair) ? ret : -EPROTO;
}

/*
 * Whether the driver has no buffer left to add: it gets none back until those that
 * are collected are used.
 */
static bool mvnet_all_collected(const struct mvnet_pair *pair)
{
	u16 num = mdev_vq_num(pair->rx);

	return pair->nr_rx == num ||
	       (!mvnet_has(pair->net, VIRTIO_RING_F_INDIRECT_DESC) &&
		pair->nr_rx_descs == num);
}

/*
 * In a section: take receive buffers for @len bytes.  Returns 1 if they are in the
 * pair; 0 if there are too few; -EMSGSIZE if there can never be enough; or another
 * error if a queue broke.  Unless it returns 1, all have been given back.
 */
static int mvnet_collect(struct mvnet_pair *pair, u32 len)
{
	bool merge = mvnet_has(pair->net, VIRTIO_NET_F_MRG_RXBUF);
	struct mdev_vq *vq = pair->rx;
	struct mdev_vq_chain *chain;
	u32 room = 0;
	int ret;

	pair->nr_rx = 0;
	pair->nr_rx_segs = 0;
	pair->nr_rx_descs = 0;
	do {
		ret = -EMSGSIZE;
		/* Not by segments: a descriptor of no bytes has none. */
		if (pair->nr_rx == (merge ? MVNET_MAX_MERGE : 1) ||
		    pair->nr_rx_descs > MDEV_VQ_MAX_SEGS)
			goto undo;

		chain = &pair->rx_chains[pair->nr_rx];
		chain->segs = pair->rx_segs + pair->nr_rx_segs;
		chain->max_segs = MDEV_VQ_MAX_SEGS;
		ret = mvnet_pop(pair, vq, chain);
		if (!ret && mvnet_all_collected(pair))
			ret = -EMSGSIZE;
		if (ret <= 0)
			goto undo;
		pair->nr_rx++;
		pair->nr_rx_segs += chain->nr_in;
		pair->nr_rx_descs += chain->nr_descs;
		/*
		 * Count it even if it is given back.  Bytes count with the frame.
		 */
		pair->cost += mdev_vq_chain_desc_cost(chain);
		if (chain->nr_out || (!room && chain->in_len < MVNET_HDR_LEN)) {
			mdev_vq_break(vq, "a receive buffer of %u bytes to write and %u to read",
				      chain->in_len, chain->out_len);
			ret = -EPROTO;
			goto undo;
		}
		/* Cannot overflow: less than @len before */
		room = min_t(u64, (u64)room + chain->in_len, len);
	} while (room < len);
	return 1;

undo:
	while (pair->nr_rx)
		mdev_vq_unpop(vq, &pair->rx_chains[--pair->nr_rx]);
	return ret;
}

static void mvnet_uncollect(struct mvnet_pair *pair)
{
	while (pair->nr_rx)
		mdev_vq_unpop(pair->rx, &pair->rx_chains[--pair->nr_rx]);
}

/* In a section: header and frame into the receive buffers. */
static int mvnet_deliver(struct mvnet_pair *pair,
			 struct virtio_net_hdr_v1 *hdr,
			 struct mdev_vq_iter *src, u32 len)
{
	struct mdev_vq_iter dst;
	bool csum;
	int ret;

	hdr->num_buffers = (__force __virtio16)cpu_to_le16(pair->nr_rx);
	mdev_vq_iter_in_all(&dst, pair->rx_chains, pair->nr_rx_segs);

	csum = hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	       !mvnet_has(pair->net, VIRTIO_NET_F_GUEST_CSUM);
	if (likely(!csum)) {
		ret = mvnet_put(pair, &dst, hdr, sizeof(*hdr));
		return ret ?: mvnet_move(pair, &dst, src, len);
	}

	/* The checksum is computed in the bounce buffer, and not in place. */
	ret = mvnet_get(pair, src, pair->bounce, len);
	if (ret)
		return ret;
	mvnet_complete_csum(hdr, pair->bounce, len);
	ret = mvnet_put(pair, &dst, hdr, sizeof(*hdr));
	return ret ?: mvnet_put(pair, &dst, pair->bounce, len);
}

/* In a section: mark the receive buffers used, with @len bytes in total. */
static void mvnet_push_rx(struct mvnet_pair *pair, u32 len)
{
	unsigned int i;
	u32 n;

	for (i = 0; i < pair->nr_rx; i++) {
		n = min(len, pair->rx_chains[i].in_len);
		mdev_vq_push(pair->rx, &pair->rx_chains[i], n);
		len -= n;
	}
	pair->nr_rx = 0;
}

static int mvnet_drop(struct mvnet_pair *pair, const char *why, u32 len)
{
	struct mdev_vq *vq = pair->tx;

	dev_warn_ratelimited(&pair->net->soft.cdev->dev,
			     "queue pair %u drops a frame of %u bytes: %s\n",
			     pair->index, len, why);
	mdev_vq_push(vq, &pair->tx_chain, 0);
	mdev_vq_count(vq, 0, 1);
	return MVNET_DONE;
}

/*
 * In a section: one frame.  Returns MVNET_DONE; MVNET_EMPTY if there is none;
 * -ENOBUFS if it has to wait for receive buffers; -EPROTO or -EFAULT if a queue
 * broke.  Unless MVNET_DONE is returned, the chain has been given back.
 */
static int mvnet_frame(struct mvnet_pair *pair)
{
	struct mdev_vq_chain *chain = &pair->tx_chain;
	struct mdev_vq *vq = pair->tx;
	struct mdev_vq_iter src, peek;
	struct mvnet_head head;
	u32 len;
	int ret;

	chain->segs = pair->tx_segs;
	chain->max_segs = MDEV_VQ_MAX_SEGS;
	ret = mvnet_pop(pair, vq, chain);
	if (ret <= 0)
		return ret;

	if (chain->nr_in) {
		mdev_vq_break(vq, "a transmit buffer with %u bytes to write",
			      chain->in_len);
		ret = -EPROTO;
		goto unpop;
	}
	len = chain->out_len - MVNET_HDR_LEN;
	if (chain->out_len < MVNET_HDR_LEN + ETH_HLEN)
		return mvnet_drop(pair, "too short, with its header",
				  chain->out_len);
	if (len > MVNET_MAX_FRAME)
		return mvnet_drop(pair, "longer than any frame may be", len);

	if (unlikely(READ_ONCE(pair->state) == MVNET_PAIR_OFF))
		return mvnet_drop(pair, "the driver has switched this pair off",
				  len);

	mdev_vq_iter_out(&src, chain);
	peek = src;
	ret = mvnet_get(pair, &peek, &head, sizeof(head));
	if (ret)
		goto unpop;
	mdev_vq_iter_skip(&src, sizeof(head.hdr));

	if (!mvnet_hdr_valid(pair->net, &head.hdr, len))
		return mvnet_drop(pair, "its header asks for what was not negotiated",
				  len);
	if (!mvnet_accepts(pair->net, head.dest)) {
		atomic64_inc(&pair->net->filtered);
		mdev_vq_push(vq, chain, 0);
		mdev_vq_count(vq, len, 0);
		return MVNET_DONE;
	}

	ret = mvnet_collect(pair, MVNET_HDR_LEN + len);
	if (ret == -EMSGSIZE)
		return mvnet_drop(pair, "the driver's receive buffers are too small for it",
				  len);
	if (ret <= 0) {
		ret = ret ?: -ENOBUFS;
		goto unpop;
	}

	ret = mvnet_deliver(pair, &head.hdr, &src, len);
	if (ret) {
		mvnet_uncollect(pair);
		goto unpop;
	}

	mvnet_push_rx(pair, MVNET_HDR_LEN + len);
	mdev_vq_count(pair->rx, len, 0);
	mdev_vq_push(vq, chain, 0);
	mdev_vq_count(vq, len, 0);
	return MVNET_DONE;

unpop:
	mdev_vq_unpop(vq, chain);
	return ret;
}

static bool mvnet_pair_may_run(const struct mvnet_pair *pair)
{
	const struct mvnet *net = pair->net;

	return READ_ONCE(net->net_status) & VIRTIO_NET_S_LINK_UP &&
	       READ_ONCE(pair->state) != MVNET_PAIR_UNUSED;
}

/* In a section: publish what was done.  True if the driver wants a signal. */
static bool mvnet_publish(struct mdev_vq *vq)
{
	/* The other queue may have broken, but not this one. */
	if (!mdev_vq_alive(vq))
		return false;
	mdev_vq_publish(vq);
	return mdev_vq_need_signal(vq);
}

/**
 * mvnet_pair_run() - pass frames on
 * @pair: the pair, both queues claimed
 * @poll: the caller will look again if nothing is left to do
 *
 * Context: whatever serves the pair, see &mvnet_pair.lock.
 * Return: what to do next; MVNET_NEXT_POLL only if @poll.
 */
enum mvnet_next mvnet_pair_run(struct mvnet_pair *pair, bool poll)
{
	struct mdev_vq *rx = pair->rx, *tx = pair->tx, *wait = NULL;
	enum mvnet_next next = MVNET_NEXT_KICK;
	u64 section = 0;
	bool signal_rx, signal_tx;
	unsigned int n;
	int ret = 0;

	pair->mem = mdev_soft_mem(&pair->net->soft);
	pair->cost = 0;
	/* Whoever allows the pair to run also wakes it afterwards. */
	if (!mvnet_enter(pair) || !mvnet_pair_may_run(pair)) {
		mvnet_leave(pair);
		return MVNET_NEXT_KICK;
	}
	mdev_vq_disable_notify(tx);
	mdev_vq_disable_notify(rx);

	for (n = 0; n < MVNET_BUDGET; n++) {
		/* Whoever stops a queue does not wait for the other frames. */
		ret = MVNET_DONE;
		if (!mdev_vq_is_live(rx) || !mdev_vq_is_live(tx))
			break;
		/* Not one more once the link is down */
		ret = -EAGAIN;
		if (!mvnet_pair_may_run(pair))
			break;
		ret = mvnet_frame(pair);
		if (ret != MVNET_DONE)
			break;
		pair->cost += mdev_vq_chain_cost(&pair->tx_chain);
		if (pair->cost > MVNET_BUDGET_BYTES)
			break;
		if (n % MVNET_SECTION_FRAMES == MVNET_SECTION_FRAMES - 1 ||
		    pair->cost - section > MVNET_SECTION_BYTES) {
			section = pair->cost;
			/* Somebody may be waiting to unmap. */
			mvnet_leave(pair);
			if (!mvnet_enter(pair)) {
				ret = -EPROTO;
				break;
			}
		}
	}

	/*
	 * Publish rx first, so that a frame is received before it is seen as
	 * sent.
	 */
	signal_rx = mvnet_publish(rx);
	signal_tx = mvnet_publish(tx);
	if (ret == MVNET_DONE)
		next = MVNET_NEXT_RUN;
	else if (ret == MVNET_EMPTY)
		wait = tx;
	else if (ret == -ENOBUFS)
		wait = rx;
	/* After a frame, the time to poll begins again. */
	if (wait && poll)
		next = n ? MVNET_NEXT_RUN : MVNET_NEXT_POLL;
	else if (wait && mdev_vq_enable_notify(wait))
		next = MVNET_NEXT_RUN;
	mvnet_leave(pair);

	if (signal_rx)
		mdev_vq_signal(rx);
	if (signal_tx)
		mdev_vq_signal(tx);
	return next;
}
