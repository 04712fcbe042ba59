// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: XDP programs on frames from the driver, see xdp.h.
 */

#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "xdp.h"

/**
 * net_mdev_xdp_add() - copy a frame into a buffer
 * @pair: the pair; &net_mdev_rx.chain is the frame
 * @queue: takes it; has fewer than NET_MDEV_RX_SECTION
 * @len: of the frame, at most NET_MDEV_XDP_FRAME
 *
 * Header and frame come with one read, as in net_mdev_rx_copy().
 *
 * Context: the pair's poll, in &net_mdev_rx.section.
 * Return: 0; -EINVAL for a header that is not valid; -ENOMEM; or an error of the section.
 */
int net_mdev_xdp_add(struct net_mdev_pair *pair,
		     struct net_mdev_xdp_queue *queue, u32 len)
{
	struct net_mdev_xdp_frame *frame = &queue->frames[queue->nr];
	struct net_mdev_rx *rx = &pair->rx;
	struct mdev_vq_iter data;
	void *head;
	int ret;

	if (!frame->buf) {
		frame->buf = napi_alloc_frag(NET_MDEV_XDP_BUF);
		if (unlikely(!frame->buf))
			return -ENOMEM;
	}
	head = frame->buf + XDP_PACKET_HEADROOM - MDEV_SOFT_NET_HDR_LEN;
	mdev_vq_iter_out(&data, &rx->chain);
	ret = mdev_vq_section_read(&rx->section, &data, head,
				   MDEV_SOFT_NET_HDR_LEN + len);
	if (unlikely(ret))
		return ret;
	memcpy(&frame->hdr, head, sizeof(frame->hdr));
	if (unlikely(!mdev_soft_net_hdr_valid(&pair->nm->net, &frame->hdr, len)))
		return -EINVAL;
	frame->len = len;
	queue->nr++;
	return 0;
}

/**
 * net_mdev_xdp_add_skb() - take a frame that does not fit into a buffer
 * @queue: takes it; has fewer than NET_MDEV_RX_SECTION
 * @skb: the frame
 *
 * Context: the pair's poll.
 */
void net_mdev_xdp_add_skb(struct net_mdev_xdp_queue *queue, struct sk_buff *skb)
{
	queue->frames[queue->nr++].skb = skb;
}

/* Send what waits for that, so that later frames do not overtake it. */
static void net_mdev_xdp_flush(struct net_mdev_pair *pair,
			       struct net_mdev_xdp_queue *queue)
{
	unsigned int i, sent;

	if (queue->redirected) {
		queue->redirected = false;
		xdp_do_flush();
	}
	if (!queue->nr_tx)
		return;
	sent = net_mdev_xdp_send(pair, queue->tx, queue->nr_tx);
	for (i = sent; i < queue->nr_tx; i++)
		xdp_return_frame_rx_napi(queue->tx[i]);
	net_mdev_count(&pair->rx.count.xdp_tx, sent);
	trace_xdp_bulk_tx(pair->nm->dev, sent, queue->nr_tx - sent, 0);
	queue->nr_tx = 0;
}

/* Returns the frame in a buffer, which it takes along; NULL if there is no memory. */
static struct sk_buff *net_mdev_xdp_build(struct net_mdev_xdp_frame *frame,
					  unsigned int headroom, u32 len)
{
	struct sk_buff *skb = napi_build_skb(frame->buf, NET_MDEV_XDP_BUF);

	if (unlikely(!skb))
		return NULL;
	frame->buf = NULL;
	skb_reserve(skb, headroom);
	__skb_put(skb, len);
	return skb;
}

/* The frame goes to the stack; @complete: its checksum is known to have been right. */
static void net_mdev_xdp_pass(struct net_mdev_pair *pair,
			      struct net_mdev_xdp_frame *frame,
			      const struct xdp_buff *xdp, bool complete)
{
	unsigned int meta = xdp->data - xdp->data_meta;
	struct net_device *dev = pair->nm->dev;
	struct sk_buff *skb;

	skb = net_mdev_xdp_build(frame, xdp->data - xdp->data_hard_start,
				 xdp->data_end - xdp->data);
	if (unlikely(!skb)) {
		net_mdev_count(&pair->rx.count.dropped, 1);
		return;
	}
	if (meta)
		skb_metadata_set(skb, meta);
	if (complete && dev->features & NETIF_F_RXCSUM)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->protocol = eth_type_trans(skb, dev);
	net_mdev_rx_receive(pair, &pair->napi, skb);
}

/* The frame goes back to the driver.  Returns false if that cannot be. */
static bool net_mdev_xdp_return(struct net_mdev_xdp_queue *queue,
				struct net_mdev_xdp_frame *frame,
				struct xdp_buff *xdp)
{
	struct xdp_frame *back = xdp_convert_buff_to_frame(xdp);

	if (unlikely(!back))
		return false;
	queue->tx[queue->nr_tx++] = back;
	frame->buf = NULL;
	return true;
}

/*
 * Run the program on a frame in a buffer.  It gets a frame whose checksum is complete,
 * because it may send it where nobody completes it.
 */
static void net_mdev_xdp_run_frame(struct net_mdev_pair *pair,
				   struct net_mdev_xdp_queue *queue,
				   struct net_mdev_xdp_frame *frame)
{
	bool complete = frame->hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	struct net_mdev_counters *count = &pair->rx.count;
	struct net_device *dev = pair->nm->dev;
	struct xdp_buff xdp;
	u32 act;

	xdp_init_buff(&xdp, NET_MDEV_XDP_BUF, &queue->rxq);
	xdp_prepare_buff(&xdp, frame->buf, XDP_PACKET_HEADROOM, frame->len,
			 true);
	if (complete)
		mdev_soft_net_complete_csum(&frame->hdr, xdp.data, frame->len);

	act = bpf_prog_run_xdp(queue->prog, &xdp);
	switch (act) {
	case XDP_DROP:
		net_mdev_count(&count->xdp_drops, 1);
		return;
	case XDP_PASS:
		net_mdev_xdp_pass(pair, frame, &xdp, complete);
		return;
	case XDP_TX:
		if (likely(net_mdev_xdp_return(queue, frame, &xdp)))
			return;
		break;
	case XDP_REDIRECT:
		if (unlikely(xdp_do_redirect(dev, &xdp, queue->prog)))
			break;
		frame->buf = NULL;
		queue->redirected = true;
		net_mdev_count(&count->xdp_redirects, 1);
		return;
	case XDP_ABORTED:
		break;
	default:
		bpf_warn_invalid_xdp_action(dev, queue->prog, act);
	}
	trace_xdp_exception(dev, queue->prog, act);
	net_mdev_count(&count->xdp_errors, 1);
}

/* Run a program on a frame after eth_type_trans().  Returns what is left of it. */
static struct sk_buff *net_mdev_xdp_run_prog(struct net_mdev_pair *pair,
					     struct bpf_prog *prog,
					     struct sk_buff *skb)
{
	skb_record_rx_queue(skb, pair->index);
	net_mdev_count(&pair->rx.count.xdp_skbs, 1);
	return do_xdp_generic(prog, &skb) == XDP_PASS ? skb : NULL;
}

/* A frame in a buffer that is to be segmented; returns NULL if it is lost. */
static struct sk_buff *net_mdev_xdp_gso(struct net_mdev_pair *pair,
					struct net_mdev_xdp_frame *frame)
{
	struct virtio_net_hdr *hdr = (struct virtio_net_hdr *)&frame->hdr;
	struct sk_buff *skb;

	skb = net_mdev_xdp_build(frame, XDP_PACKET_HEADROOM, frame->len);
	if (unlikely(!skb)) {
		net_mdev_count(&pair->rx.count.dropped, 1);
		return NULL;
	}
	skb->dev = pair->nm->dev;
	if (likely(!virtio_net_hdr_to_skb(skb, hdr, true)))
		return skb;
	net_mdev_count(&pair->rx.count.errors, 1);
	kfree_skb(skb);
	return NULL;
}

/**
 * net_mdev_xdp_run() - run the program on the frames of a section
 * @pair: the pair
 * @queue: has the frames, and has none afterwards
 *
 * Context: the pair's poll, in no section.
 */
void net_mdev_xdp_run(struct net_mdev_pair *pair,
		      struct net_mdev_xdp_queue *queue)
{
	struct net_mdev_xdp_frame *frame;
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < queue->nr; i++) {
		frame = &queue->frames[i];
		skb = frame->skb;
		frame->skb = NULL;
		if (likely(!skb)) {
			if (likely(frame->hdr.gso_type ==
				   VIRTIO_NET_HDR_GSO_NONE)) {
				net_mdev_xdp_run_frame(pair, queue, frame);
				continue;
			}
			skb = net_mdev_xdp_gso(pair, frame);
			if (unlikely(!skb))
				continue;
		}
		net_mdev_xdp_flush(pair, queue);
		skb->protocol = eth_type_trans(skb, pair->nm->dev);
		skb = net_mdev_xdp_run_prog(pair, queue->prog, skb);
		if (skb)
			net_mdev_rx_receive(pair, &pair->napi, skb);
	}
	queue->nr = 0;
	net_mdev_xdp_flush(pair, queue);
}

/**
 * net_mdev_xdp_run_skb() - run the program, if one is attached, on a frame
 * @pair: the pair
 * @skb: the frame, after eth_type_trans()
 *
 * Context: softirqs off; the pair's worker.
 * Return: the frame, which may be another one; NULL if it went elsewhere.
 */
struct sk_buff *net_mdev_xdp_run_skb(struct net_mdev_pair *pair,
				     struct sk_buff *skb)
{
	struct net_mdev_xdp *xdp = rcu_dereference_bh(pair->nm->xdp);

	if (likely(!xdp))
		return skb;
	return net_mdev_xdp_run_prog(pair, rcu_dereference_bh(xdp->prog), skb);
}

/* --- attaching ------------------------------------------------------------------- */

static void net_mdev_xdp_free(struct net_mdev_xdp *xdp)
{
	unsigned int i, k;

	for (i = 0; i < xdp->nr; i++) {
		struct net_mdev_xdp_queue *queue = &xdp->queues[i];

		xdp_rxq_info_unreg(&queue->rxq);
		for (k = 0; k < ARRAY_SIZE(queue->frames); k++)
			if (queue->frames[k].buf)
				page_frag_free(queue->frames[k].buf);
	}
	kvfree(xdp);
}

static int net_mdev_xdp_init_queue(struct net_mdev_xdp_queue *queue,
				   const struct net_mdev_pair *pair)
{
	int ret;

	ret = xdp_rxq_info_reg(&queue->rxq, pair->nm->dev, pair->index,
			       pair->napi.napi_id);
	if (ret)
		return ret;
	ret = xdp_rxq_info_reg_mem_model(&queue->rxq, MEM_TYPE_PAGE_SHARED,
					 NULL);
	if (ret)
		xdp_rxq_info_unreg(&queue->rxq);
	return ret;
}

static struct net_mdev_xdp *net_mdev_xdp_alloc(const struct net_mdev *nm)
{
	unsigned int nr = nm->net.all_pairs;
	struct net_mdev_xdp *xdp;
	int ret;

	xdp = kvzalloc(struct_size(xdp, queues, nr), GFP_KERNEL);
	if (!xdp)
		return ERR_PTR(-ENOMEM);
	for (; xdp->nr < nr; xdp->nr++) {
		ret = net_mdev_xdp_init_queue(&xdp->queues[xdp->nr],
					      &nm->pairs[xdp->nr]);
		if (ret) {
			net_mdev_xdp_free(xdp);
			return ERR_PTR(ret);
		}
	}
	return xdp;
}

static int net_mdev_xdp_attach(struct net_mdev *nm, struct bpf_prog *prog)
{
	struct net_mdev_xdp *xdp = rtnl_dereference(nm->xdp);
	struct bpf_prog *old;

	if (xdp) {
		old = rtnl_dereference(xdp->prog);
		rcu_assign_pointer(xdp->prog, prog);
		bpf_prog_put(old);
		return 0;
	}
	xdp = net_mdev_xdp_alloc(nm);
	if (IS_ERR(xdp))
		return PTR_ERR(xdp);
	RCU_INIT_POINTER(xdp->prog, prog);
	rcu_assign_pointer(nm->xdp, xdp);
	return 0;
}

static void net_mdev_xdp_detach(struct net_mdev *nm)
{
	struct net_mdev_xdp *xdp = rtnl_dereference(nm->xdp);

	if (!xdp)
		return;
	RCU_INIT_POINTER(nm->xdp, NULL);
	synchronize_net();
	bpf_prog_put(rtnl_dereference(xdp->prog));
	net_mdev_xdp_free(xdp);
}

/**
 * net_mdev_bpf() - &net_device_ops.ndo_bpf
 * @dev: the network device
 * @bpf: what to do
 *
 * Context: process context, with the rtnl; sleeps.
 * Return: 0 or a negative errno.
 */
int net_mdev_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	struct net_mdev *nm = dev_to_net_mdev(dev);

	ASSERT_RTNL();
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	if (bpf->prog)
		return net_mdev_xdp_attach(nm, bpf->prog);
	net_mdev_xdp_detach(nm);
	return 0;
}
