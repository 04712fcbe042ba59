/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net_mdev: XDP programs on frames from the driver.
 *
 * The poll copies frames out of the driver's transmit queue into buffers in which a
 * program can work, and runs it once their section has ended: a program takes its time, and
 * what it redirects goes into a section of another device.  A frame that is dropped leaves
 * its buffer to the next one.
 *
 * A frame that is still to be segmented, or is too large for a buffer, becomes an &struct
 * sk_buff first, and the kernel runs the program on that.  So no driver has to do without
 * segmentation, or with small frames, because of a program.  The worker, which
 * carries few frames, does so with all of them.
 */
#ifndef _NET_MDEV_XDP_H
#define _NET_MDEV_XDP_H

#include <linux/bpf.h>
#include <linux/virtio_net.h>
#include <net/xdp.h>

#include "net_mdev.h"

/* A buffer, and the largest frame that has room between the head and the end of one */
#define NET_MDEV_XDP_BUF	4096
#define NET_MDEV_XDP_FRAME	(SKB_WITH_OVERHEAD(NET_MDEV_XDP_BUF) - \
				 XDP_PACKET_HEADROOM)

/**
 * struct net_mdev_xdp_frame - a frame from the driver
 * @skb: the frame, if it is in no buffer
 * @buf: the buffer that it is in; one that is free stays here for the next frame
 * @len: length of the frame in the buffer
 * @hdr: its header, known to be valid
 */
struct net_mdev_xdp_frame {
	struct sk_buff *skb;
	void *buf;
	u32 len;
	struct virtio_net_hdr_v1 hdr;
};

/**
 * struct net_mdev_xdp_queue - what XDP has for a pair
 * @rxq: what programs are told about where a frame came from
 * @prog: the program of the run at hand
 * @frames: those of the section at hand
 * @nr: how many of them there are
 * @redirected: some were redirected, and may not be on their way yet
 * @tx: frames that go back to the driver
 * @nr_tx: how many
 *
 * All except @rxq belong to the pair's poll.
 */
struct net_mdev_xdp_queue {
	struct xdp_rxq_info rxq;
	struct bpf_prog *prog;
	struct net_mdev_xdp_frame frames[NET_MDEV_RX_SECTION];
	unsigned int nr;
	bool redirected;
	struct xdp_frame *tx[NET_MDEV_RX_SECTION];
	unsigned int nr_tx;
};

/**
 * struct net_mdev_xdp - what XDP takes while a program is attached
 * @prog: the program
 * @nr: how many queues there are
 * @queues: by pair
 *
 * Freed when no poll can be using it any more.
 */
struct net_mdev_xdp {
	struct bpf_prog __rcu *prog;
	unsigned int nr;
	struct net_mdev_xdp_queue queues[];
};

/**
 * net_mdev_xdp_queue() - the frames of a pair, if an XDP program is attached
 * @pair: the pair
 *
 * Context: the pair's poll.
 * Return: the queue, with the program of the run; NULL if none is attached.
 */
static inline struct net_mdev_xdp_queue *
net_mdev_xdp_queue(const struct net_mdev_pair *pair)
{
	struct net_mdev_xdp *xdp = rcu_dereference_bh(pair->nm->xdp);
	struct net_mdev_xdp_queue *queue;

	if (likely(!xdp))
		return NULL;
	queue = &xdp->queues[pair->index];
	queue->prog = rcu_dereference_bh(xdp->prog);
	return queue;
}

int net_mdev_xdp_add(struct net_mdev_pair *pair,
		     struct net_mdev_xdp_queue *queue, u32 len);
void net_mdev_xdp_add_skb(struct net_mdev_xdp_queue *queue,
			  struct sk_buff *skb);
void net_mdev_xdp_run(struct net_mdev_pair *pair,
		      struct net_mdev_xdp_queue *queue);
struct sk_buff *net_mdev_xdp_run_skb(struct net_mdev_pair *pair,
				     struct sk_buff *skb);
int net_mdev_bpf(struct net_device *dev, struct netdev_bpf *bpf);

#endif /* _NET_MDEV_XDP_H */
