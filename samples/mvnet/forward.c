// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the path of a frame from the transmit queue to the receive queue of a
 * pair.
 *
 * mvnet_forward() takes one frame along it, mvnet_pair_run() as many as there are.
 * All functions except mvnet_pair_run() are called in the pair's read section of the
 * driver's memory, and return in it: what has to wait for memory leaves the section
 * and enters it again, see &struct mdev_vq_section.  Chains popped so far stay
 * popped.
 */

#include <linux/if_ether.h>
#include <linux/if_vlan.h>
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
 * @eth: where it goes to, and the tag if there is one
 */
struct mvnet_head {
	struct virtio_net_hdr_v1 hdr;
	struct vlan_ethhdr eth;
};

/*
 * Copy header and frame, @len bytes at @data, into the receive buffers.  If @data is
 * NULL the frame is in the bounce buffer.
 */
static int mvnet_fill(struct mvnet_pair *pair, struct virtio_net_hdr_v1 *hdr,
		      struct mdev_vq_iter *data, u32 len)
{
	struct mdev_vq_section *section = &pair->section;
	void *frame = pair->bounce + MDEV_SOFT_NET_HDR_LEN;
	struct mdev_vq_iter dst;
	bool csum;
	int ret;

	hdr->num_buffers = (__force __virtio16)cpu_to_le16(pair->bufs.nr);
	mdev_vq_iter_in_all(&dst, pair->bufs.chains, pair->bufs.nr_segs);

	csum = hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	       !mdev_soft_net_offload(&pair->net->base, VIRTIO_NET_F_GUEST_CSUM);
	if (likely(data && !csum)) {
		ret = mdev_vq_section_write(section, &dst, hdr, sizeof(*hdr));
		return ret ?: mdev_vq_section_move(section, &dst, data, len,
						   pair->bounce,
						   MVNET_MAX_FRAME);
	}

	/* The checksum is computed in the bounce buffer, and not in place. */
	if (data) {
		ret = mdev_vq_section_read(section, data, frame, len);
		if (ret)
			return ret;
	}
	if (csum)
		mdev_soft_net_complete_csum(hdr, frame, len);
	memcpy(pair->bounce, hdr, sizeof(*hdr));
	return mdev_vq_section_write(section, &dst, pair->bounce,
				     sizeof(*hdr) + len);
}

/*
 * Have the driver receive a frame.  Returns 0, or an error of mdev_soft_net_bufs_take() or
 * of a copy; then the receive buffers have been given back.
 */
static int mvnet_receive(struct mvnet_pair *pair, struct virtio_net_hdr_v1 *hdr,
			 struct mdev_vq_iter *data, u32 len)
{
	struct mdev_soft_net_bufs *bufs = &pair->bufs;
	int ret;

	ret = mdev_soft_net_bufs_take(&pair->net->base, bufs, &pair->section,
				      pair->rx, MDEV_SOFT_NET_HDR_LEN + len);
	/* Counts even if they are given back.  Bytes count with the frame. */
	pair->cost += (u64)bufs->nr_descs * MDEV_VQ_DESC_COST;
	if (!ret)
		ret = mvnet_fill(pair, hdr, data, len);
	if (ret) {
		mdev_soft_net_bufs_return(bufs, pair->rx);
		return ret;
	}
	mdev_soft_net_bufs_push(bufs, pair->rx, MDEV_SOFT_NET_HDR_LEN + len);
	mdev_vq_count(pair->rx, len, 0);
	return 0;
}

static int mvnet_drop(struct mvnet_pair *pair, const char *why, u32 len)
{
	dev_warn_ratelimited(&pair->net->base.soft.cdev->dev,
			     "queue pair %u drops a frame of %u bytes: %s\n",
			     pair->index, len, why);
	mdev_vq_push(pair->tx, &pair->tx_chain, 0);
	mdev_vq_count(pair->tx, 0, 1);
	return MVNET_DONE;
}

/*
 * Read what the device looks at of a frame of @len bytes, and have @data stand behind
 * the header.  Where memory is copied all is read at once, into the bounce buffer.
 */
static int mvnet_peek(struct mvnet_pair *pair, struct mdev_vq_iter *data,
		      u32 len, struct mvnet_head *head)
{
	struct mdev_vq_section *section = &pair->section;
	struct mdev_vq_iter peek = *data;
	int ret;

	if (likely(!mdev_mem_is_copied(section->mem))) {
		mdev_vq_iter_skip(data, sizeof(head->hdr));
		return mdev_vq_section_read(section, &peek, head,
					    sizeof(head->hdr) +
					    min_t(u32, len, sizeof(head->eth)));
	}
	ret = mdev_vq_section_read(section, data, pair->bounce,
				   sizeof(head->hdr) + len);
	if (!ret)
		memcpy(head, pair->bounce, sizeof(*head));
	return ret;
}

static bool mvnet_accepts(struct mdev_soft_net *net,
			  const struct vlan_ethhdr *eth, u32 len)
{
	if (!mdev_soft_net_accepts(net, eth->h_dest))
		return false;
	if (likely(eth->h_vlan_proto != htons(ETH_P_8021Q)) ||
	    len < VLAN_ETH_HLEN)
		return true;
	return mdev_soft_net_accepts_vlan(net, ntohs(eth->h_vlan_TCI) &
					       VLAN_VID_MASK);
}

/*
 * One frame.  Returns MVNET_DONE; MVNET_EMPTY if there is none; -ENOBUFS if it has to
 * wait for receive buffers; -EPROTO if a queue broke; -EAGAIN where memory must not be
 * waited for.  After an error the frame has been given back.
 */
static int mvnet_forward(struct mvnet_pair *pair)
{
	struct mdev_vq_chain *chain = &pair->tx_chain;
	struct mvnet *net = pair->net;
	struct mdev_vq_iter data;
	struct mvnet_head head;
	u32 len;
	int ret;

	/* What does the driver send? */
	chain->segs = pair->tx_segs;
	chain->max_segs = MDEV_VQ_MAX_SEGS;
	ret = mdev_vq_section_pop(&pair->section, pair->tx, chain);
	if (ret <= 0)
		return ret;
	if (chain->nr_in) {
		mdev_vq_break(pair->tx, "a transmit buffer with %u bytes to write",
			      chain->in_len);
		ret = -EPROTO;
		goto unpop;
	}

	/* May it be sent? */
	if (chain->out_len < MDEV_SOFT_NET_HDR_LEN + ETH_HLEN)
		return mvnet_drop(pair, "too short, with its header",
				  chain->out_len);
	len = chain->out_len - MDEV_SOFT_NET_HDR_LEN;
	if (len > MVNET_MAX_FRAME)
		return mvnet_drop(pair, "longer than any frame may be", len);
	/* Nothing more is received, so it might wait forever. */
	if (unlikely(mdev_soft_net_pair_state(&net->base, pair->index) ==
		     MDEV_SOFT_NET_PAIR_OFF))
		return mvnet_drop(pair, "the driver has switched this pair off",
				  len);

	/* Its header, and where it goes to */
	mdev_vq_iter_out(&data, chain);
	ret = mvnet_peek(pair, &data, len, &head);
	if (ret)
		goto unpop;
	if (!mdev_soft_net_hdr_valid(&net->base, &head.hdr, len))
		return mvnet_drop(pair, "its header asks for what was not negotiated",
				  len);

	if (!mdev_soft_net_gso_fits(&net->base, head.hdr.gso_type))
		return mvnet_drop(pair, "the driver has switched off receiving such large frames",
				  len);

	if (mvnet_accepts(&net->base, &head.eth, len)) {
		/* All of it was read already where memory is copied. */
		ret = mvnet_receive(pair, &head.hdr, data.nr ? &data : NULL,
				    len);
		if (ret == -EMSGSIZE)
			return mvnet_drop(pair, "the driver's receive buffers are too small for it",
					  len);
		if (ret)
			goto unpop;
	} else {
		atomic64_inc(&net->base.filtered);
	}

	mdev_vq_push(pair->tx, chain, 0);
	mdev_vq_count(pair->tx, len, 0);
	return MVNET_DONE;

unpop:
	mdev_vq_unpop(pair->tx, chain);
	return ret;
}

static bool mvnet_pair_may_run(const struct mvnet_pair *pair)
{
	const struct mdev_soft_net *net = &pair->net->base;

	return mdev_soft_net_link_is_up(net) &&
	       mdev_soft_net_pair_state(net, pair->index) !=
	       MDEV_SOFT_NET_PAIR_UNUSED;
}

/*
 * Frames until there are no more, or others have to have their turn.  Returns MVNET_DONE
 * if there may be more, -ENETDOWN if the pair may not run any more, or what else
 * mvnet_forward() returned for the last one.
 */
static int mvnet_forward_batch(struct mvnet_pair *pair)
{
	unsigned int *nr = &pair->served;
	u64 section_cost = 0;
	int ret;

	for (;;) {
		/* Whoever stops a queue does not wait for the other frames. */
		if (!mdev_vq_is_live(pair->rx) || !mdev_vq_is_live(pair->tx))
			return MVNET_DONE;
		/* Not one more once the link is down */
		if (!mvnet_pair_may_run(pair))
			return -ENETDOWN;
		ret = mvnet_forward(pair);
		if (ret != MVNET_DONE)
			return ret;

		++*nr;
		pair->cost += mdev_vq_chain_cost(&pair->tx_chain);
		if (*nr == MVNET_BUDGET || pair->cost > MVNET_BUDGET_BYTES)
			return MVNET_DONE;
		if (*nr % MVNET_SECTION_FRAMES &&
		    pair->cost - section_cost <= MVNET_SECTION_BYTES)
			continue;
		/* A second one might have to wait for rings. */
		if (pair->section.nowait)
			return MVNET_DONE;
		/* Somebody may be waiting to unmap. */
		mdev_vq_section_leave(&pair->section);
		ret = mdev_vq_section_enter(&pair->section);
		if (ret)
			return ret;
		section_cost = pair->cost;
	}
}

/**
 * mvnet_pair_run() - pass frames on
 * @pair: the pair, both queues claimed, and its turn the caller's, who has also set
 *	@section.nowait; @served is 0 and counts the frames
 * @poll: the caller will look again if nothing is left to do
 *
 * Context: see &enum mvnet_server.
 * Return: what to do next; MVNET_NEXT_POLL only if @poll.
 */
enum mvnet_next mvnet_pair_run(struct mvnet_pair *pair, bool poll)
{
	struct mdev_vq *rx = pair->rx, *tx = pair->tx, *wait = NULL;
	enum mvnet_next next = MVNET_NEXT_KICK;
	bool signal_rx, signal_tx;
	int ret;

	pair->cost = 0;
	ret = mdev_vq_section_enter(&pair->section);
	/* Whoever allows the pair to run also wakes it afterwards. */
	if (ret || !mvnet_pair_may_run(pair)) {
		mdev_vq_section_leave(&pair->section);
		return ret == -EAGAIN ? MVNET_NEXT_RUN : MVNET_NEXT_KICK;
	}
	mdev_vq_disable_notify(tx);
	mdev_vq_disable_notify(rx);

	ret = mvnet_forward_batch(pair);

	/*
	 * Publish rx first, so that a frame is received before it is seen as
	 * sent.  If only one of the two broke, the other one is published.
	 */
	mdev_vq_publish(rx);
	signal_rx = mdev_vq_need_signal(rx);
	mdev_vq_publish(tx);
	signal_tx = mdev_vq_need_signal(tx);
	if (ret == MVNET_DONE || ret == -EAGAIN)
		next = MVNET_NEXT_RUN;
	else if (ret == MVNET_EMPTY)
		wait = tx;
	else if (ret == -ENOBUFS)
		wait = rx;
	/* After a frame, the time to poll begins again. */
	if (wait && poll)
		next = pair->served ? MVNET_NEXT_RUN : MVNET_NEXT_POLL;
	else if (wait && mdev_vq_enable_notify(wait))
		next = MVNET_NEXT_RUN;
	mdev_vq_section_leave(&pair->section);

	if (signal_rx)
		mdev_vq_signal(rx);
	if (signal_tx)
		mdev_vq_signal(tx);
	return next;
}
