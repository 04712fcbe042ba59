// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the control queue.
 */

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "mvnet.h"

/* Commands in one run, and bytes in case the commands are large */
#define MVNET_CTRL_BUDGET	16
#define MVNET_CTRL_BUDGET_BYTES	(64 * 1024)

/* A longer command fails: no command that makes sense is longer. */
#define MVNET_CTRL_MAX_LEN	65536

/* The data of a command */
struct mvnet_cmd {
	struct mdev_mem *mem;
	struct mdev_vq_iter data;
	u32 len;
};

static int mvnet_cmd_get(struct mvnet *net, struct mvnet_cmd *cmd, void *buf,
			 u32 len)
{
	int ret;

	if (cmd->len < len)
		return -EINVAL;
	ret = mdev_vq_read(cmd->mem, &cmd->data, buf, len);
	if (ret)
		return ret;
	cmd->len -= len;
	return 0;
}

static int mvnet_ctrl_rx(struct mvnet *net, u8 which, struct mvnet_cmd *cmd)
{
	struct mvnet_filter *f = &net->filter;
	unsigned long flags;
	bool *mode;
	u8 on;

	if (which > VIRTIO_NET_CTRL_RX_ALLMULTI ?
	    !mvnet_has(net, VIRTIO_NET_F_CTRL_RX_EXTRA) :
	    !mvnet_has(net, VIRTIO_NET_F_CTRL_RX))
		return -EINVAL;

	switch (which) {
	case VIRTIO_NET_CTRL_RX_PROMISC:
		mode = &f->promisc;
		break;
	case VIRTIO_NET_CTRL_RX_ALLMULTI:
		mode = &f->allmulti;
		break;
	case VIRTIO_NET_CTRL_RX_ALLUNI:
		mode = &f->alluni;
		break;
	case VIRTIO_NET_CTRL_RX_NOMULTI:
		mode = &f->nomulti;
		break;
	case VIRTIO_NET_CTRL_RX_NOUNI:
		mode = &f->nouni;
		break;
	case VIRTIO_NET_CTRL_RX_NOBCAST:
		mode = &f->nobcast;
		break;
	default:
		return -EINVAL;
	}
	if (cmd->len != sizeof(on) || mvnet_cmd_get(net, cmd, &on, sizeof(on)))
		return -EINVAL;

	write_seqlock_irqsave(&net->state_lock, flags);
	*mode = on;
	write_sequnlock_irqrestore(&net->state_lock, flags);
	return 0;
}

static int mvnet_ctrl_macs(struct mvnet *net, struct mvnet_macs *macs,
			   struct mvnet_cmd *cmd)
{
	__le32 entries;
	u32 nr;
	int ret;

	ret = mvnet_cmd_get(net, cmd, &entries, sizeof(entries));
	if (ret)
		return ret;
	nr = le32_to_cpu(entries);
	if (nr > cmd->len / ETH_ALEN)
		return -EINVAL;

	macs->overflow = nr > MVNET_MAX_MACS;
	macs->nr = macs->overflow ? 0 : nr;
	if (!macs->overflow)
		return mvnet_cmd_get(net, cmd, macs->addr, nr * ETH_ALEN);
	/* All addresses match then, so these are not needed. */
	mdev_vq_iter_skip(&cmd->data, nr * ETH_ALEN);
	cmd->len -= nr * ETH_ALEN;
	return 0;
}

static int mvnet_ctrl_mac(struct mvnet *net, u8 which, struct mvnet_cmd *cmd)
{
	struct mvnet_ctrl *ctrl = &net->ctrl;
	u8 mac[ETH_ALEN] __aligned(2);
	unsigned long flags;
	int ret;

	switch (which) {
	case VIRTIO_NET_CTRL_MAC_ADDR_SET:
		if (!mvnet_has(net, VIRTIO_NET_F_CTRL_MAC_ADDR) ||
		    cmd->len != sizeof(mac))
			return -EINVAL;
		ret = mvnet_cmd_get(net, cmd, mac, sizeof(mac));
		if (ret)
			return ret;
		if (!is_valid_ether_addr(mac))
			return -EINVAL;
		mvnet_set_mac(net, MVNET_MAC_BY_DRIVER, mac);
		return 0;

	case VIRTIO_NET_CTRL_MAC_TABLE_SET:
		if (!mvnet_has(net, VIRTIO_NET_F_CTRL_RX))
			return -EINVAL;
		ret = mvnet_ctrl_macs(net, &ctrl->uni, cmd);
		if (ret)
			return ret;
		ret = mvnet_ctrl_macs(net, &ctrl->multi, cmd);
		if (ret)
			return ret;
		if (cmd->len)
			return -EINVAL;

		write_seqlock_irqsave(&net->state_lock, flags);
		net->filter.uni = ctrl->uni;
		net->filter.multi = ctrl->multi;
		write_sequnlock_irqrestore(&net->state_lock, flags);
		return 0;

	default:
		return -EINVAL;
	}
}

static void mvnet_pairs_set(struct mvnet *net, unsigned int nr)
{
	struct mvnet_pair *pair;
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++) {
		pair = &net->pairs[i];
		if (i < nr)
			WRITE_ONCE(pair->state, MVNET_PAIR_ON);
		else if (pair->state == MVNET_PAIR_ON)
			WRITE_ONCE(pair->state, MVNET_PAIR_OFF);
	}
}

/**
 * mvnet_pairs_reset() - the first pair is in use, as after a reset
 * @net: the instance, not live
 *
 * Context: process context, serialised by the class driver.
 */
void mvnet_pairs_reset(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++)
		net->pairs[i].state = MVNET_PAIR_UNUSED;
	mvnet_pairs_set(net, 1);
}

static int mvnet_ctrl_mq(struct mvnet *net, u8 which, struct mvnet_cmd *cmd)
{
	__le16 pairs;
	int ret;

	if (which != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET ||
	    !mvnet_has(net, VIRTIO_NET_F_MQ) || cmd->len != sizeof(pairs))
		return -EINVAL;
	ret = mvnet_cmd_get(net, cmd, &pairs, sizeof(pairs));
	if (ret)
		return ret;
	if (!le16_to_cpu(pairs) || le16_to_cpu(pairs) > net->max_pairs)
		return -EINVAL;

	mvnet_pairs_set(net, le16_to_cpu(pairs));
	/*
	 * Pairs that are on now have to be served; in those off, frames may wait.
	 */
	mvnet_wake_pairs(net);
	return 0;
}

static int mvnet_ctrl_announce(struct mvnet *net, u8 which,
			       struct mvnet_cmd *cmd)
{
	if (which != VIRTIO_NET_CTRL_ANNOUNCE_ACK || cmd->len ||
	    !mvnet_has(net, VIRTIO_NET_F_GUEST_ANNOUNCE))
		return -EINVAL;
	/* No interrupt: the driver asked for the change. */
	mvnet_change_net_status(net, VIRTIO_NET_S_ANNOUNCE, 0);
	return 0;
}

static int mvnet_ctrl_command(struct mvnet *net, struct mvnet_cmd *cmd)
{
	struct virtio_net_ctrl_hdr hdr;
	int ret;

	ret = mvnet_cmd_get(net, cmd, &hdr, sizeof(hdr));
	if (ret)
		return ret;

	switch (hdr.class) {
	case VIRTIO_NET_CTRL_RX:
		return mvnet_ctrl_rx(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_MAC:
		return mvnet_ctrl_mac(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_ANNOUNCE:
		return mvnet_ctrl_announce(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_MQ:
		return mvnet_ctrl_mq(net, hdr.cmd, cmd);
	default:
		return -EINVAL;
	}
}

/* 0, or -EPROTO if the queue broke. */
static int mvnet_ctrl_answer(struct mvnet *net, struct mdev_vq *vq,
			     const struct mdev_vq_chain *chain)
{
	struct mvnet_cmd cmd = {
		.mem = mdev_vq_mem(vq),
		.len = chain->out_len,
	};
	virtio_net_ctrl_ack ack = VIRTIO_NET_ERR;
	struct mdev_vq_iter in;
	int ret = -EINVAL;

	if (!chain->out_len || !chain->in_len) {
		mdev_vq_break(vq, "a control command of %u bytes with room for %u of answer",
			      chain->out_len, chain->in_len);
		return -EPROTO;
	}

	mdev_vq_iter_out(&cmd.data, chain);
	if (chain->out_len <= MVNET_CTRL_MAX_LEN)
		ret = mvnet_ctrl_command(net, &cmd);
	if (!ret)
		ack = VIRTIO_NET_OK;

	mdev_vq_iter_in(&in, chain);
	if (ret == -EFAULT ||
	    mdev_vq_write(cmd.mem, &in, &ack, sizeof(ack))) {
		mdev_vq_break(vq, "a control command that is not mapped");
		return -EPROTO;
	}
	return 0;
}

/* Called by one task at a time.  Returns whether there may be more. */
static bool mvnet_ctrl_run(struct mvnet *net, struct mdev_vq *vq)
{
	struct mdev_vq_chain chain = {
		.segs = net->ctrl.segs,
		.max_segs = MDEV_VQ_MAX_SEGS,
	};
	unsigned int n;
	u64 bytes = 0;

	for (n = 0; n < MVNET_CTRL_BUDGET && bytes < MVNET_CTRL_BUDGET_BYTES;
	     n++) {
		if (mdev_vq_take(vq, &chain) <= 0)
			return false;
		bytes += mdev_vq_chain_cost(&chain);
		if (mvnet_ctrl_answer(net, vq, &chain)) {
			mdev_vq_unpop(vq, &chain);
			return false;
		}
		mdev_vq_give(vq, &chain, sizeof(virtio_net_ctrl_ack));
		/* Whoever stops the queue does not wait for the others. */
		if (!mdev_vq_is_live(vq))
			break;
	}
	return true;
}

static struct mdev_vq *mvnet_ctrl_vq(struct mvnet *net)
{
	return mdev_soft_vq(&net->soft, 2 * mvnet_nr_pairs(net));
}

/*
 * Serve the queue, in the worker or in the context of a kick.  Returns whether
 * there may be more, or the worker has to serve it.
 */
static bool mvnet_ctrl_serve(struct mvnet *net, bool kick)
{
	struct mdev_vq *vq = mvnet_ctrl_vq(net);
	bool more = false;

	if (!mdev_vq_claim(vq))
		return false;
	/* Features are stable only once the queue is claimed: check again. */
	if (vq != mvnet_ctrl_vq(net) || !mvnet_has(net, VIRTIO_NET_F_CTRL_VQ))
		goto out;

	if (mdev_vq_mem(vq)->direct) {
		/* Nothing in there sleeps, so it may be called by a kick, too. */
		spin_lock_bh(&net->ctrl.lock);
		more = mvnet_ctrl_run(net, vq);
		spin_unlock_bh(&net->ctrl.lock);
	} else {
		more = kick || mvnet_ctrl_run(net, vq);
	}
out:
	mdev_vq_release(vq);
	return more;
}

static void mvnet_ctrl_queue(struct mvnet *net)
{
	mdev_worker_queue(&net->pairs[0].worker, &net->ctrl.work);
}

static void mvnet_ctrl_work(struct mdev_work *work)
{
	struct mvnet *net = container_of(work, struct mvnet, ctrl.work);

	if (mvnet_ctrl_serve(net, false))
		mvnet_ctrl_queue(net);
}

/**
 * mvnet_ctrl_kick() - the driver put commands into the control queue
 * @net: the instance; the control queue is live
 *
 * The kernel's virtio-net spins for the answer, up to 6.1 with bottom halves
 * disabled: on a machine with one CPU no worker would ever run.  So the command is
 * answered before the kick returns, if the memory is direct, and if the driver's
 * callback can be called in the context of the kick.
 *
 * Context: any.
 */
void mvnet_ctrl_kick(struct mvnet *net)
{
	bool here = mvnet_is_direct(net) && !irqs_disabled();

	if (!here || mvnet_ctrl_serve(net, true))
		mvnet_ctrl_queue(net);
}

/**
 * mvnet_ctrl_prepare() - allocate all that is needed to serve the control queue
 * @net: the instance
 *
 * Context: process context, serialised by the class driver; the queue is not
 * started.
 * Return: 0 or a negative errno.
 */
int mvnet_ctrl_prepare(struct mvnet *net)
{
	if (!net->ctrl.segs) {
		net->ctrl.segs = kvmalloc_array(MDEV_VQ_MAX_SEGS,
						sizeof(*net->ctrl.segs),
						mdev_mem_gfp(mdev_soft_mem(&net->soft)));
		if (!net->ctrl.segs)
			return -ENOMEM;
	}
	return mvnet_pair_prepare(&net->pairs[0]);
}

/**
 * mvnet_ctrl_reset() - undo mvnet_ctrl_prepare()
 * @net: the instance, after mvnet_pair_reset() of its first pair
 *
 * Context: process context, serialised by the class driver.
 */
void mvnet_ctrl_reset(struct mvnet *net)
{
	kvfree(net->ctrl.segs);
	net->ctrl.segs = NULL;
}

/**
 * mvnet_ctrl_init() - make the control queue
 * @net: the instance, zeroed
 */
void mvnet_ctrl_init(struct mvnet *net)
{
	spin_lock_init(&net->ctrl.lock);
	mdev_work_init(&net->ctrl.work, mvnet_ctrl_work);
}
