// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: the control queue.
 */

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "soft_net.h"

/* Commands in one run, and bytes in case the commands are large */
#define SOFT_NET_CTRL_BUDGET	16
#define SOFT_NET_CTRL_BUDGET_BYTES	(64 * 1024)

/* A longer command fails: no command that makes sense is longer. */
#define SOFT_NET_CTRL_MAX_LEN	65536

/* The data of a command */
struct soft_net_cmd {
	struct mdev_mem *mem;
	struct mdev_vq_iter data;
	u32 len;
};

static int soft_net_cmd_get(struct mdev_soft_net *net, struct soft_net_cmd *cmd, void *buf,
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

static int soft_net_ctrl_rx(struct mdev_soft_net *net, u8 which, struct soft_net_cmd *cmd)
{
	struct mdev_soft_net_filter *f = &net->filter;
	unsigned long flags;
	bool *mode;
	u8 on;

	if (which > VIRTIO_NET_CTRL_RX_ALLMULTI ?
	    !mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_RX_EXTRA) :
	    !mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_RX))
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
	if (cmd->len != sizeof(on) || soft_net_cmd_get(net, cmd, &on, sizeof(on)))
		return -EINVAL;

	write_seqlock_irqsave(&net->state_lock, flags);
	*mode = on;
	write_sequnlock_irqrestore(&net->state_lock, flags);
	return 0;
}

static int soft_net_ctrl_macs(struct mdev_soft_net *net, struct mdev_soft_net_macs *macs,
			      struct soft_net_cmd *cmd)
{
	__le32 entries;
	u32 nr;
	int ret;

	ret = soft_net_cmd_get(net, cmd, &entries, sizeof(entries));
	if (ret)
		return ret;
	nr = le32_to_cpu(entries);
	if (nr > cmd->len / ETH_ALEN)
		return -EINVAL;

	macs->overflow = nr > MDEV_SOFT_NET_MAX_MACS;
	macs->nr = macs->overflow ? 0 : nr;
	if (!macs->overflow)
		return soft_net_cmd_get(net, cmd, macs->addr, nr * ETH_ALEN);
	/* All addresses match then, so these are not needed. */
	mdev_vq_iter_skip(&cmd->data, nr * ETH_ALEN);
	cmd->len -= nr * ETH_ALEN;
	return 0;
}

static int soft_net_ctrl_mac(struct mdev_soft_net *net, u8 which, struct soft_net_cmd *cmd)
{
	struct mdev_soft_net_ctrl *ctrl = &net->ctrl;
	u8 mac[ETH_ALEN] __aligned(2);
	unsigned long flags;
	int ret;

	switch (which) {
	case VIRTIO_NET_CTRL_MAC_ADDR_SET:
		if (!mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_MAC_ADDR) ||
		    cmd->len != sizeof(mac))
			return -EINVAL;
		ret = soft_net_cmd_get(net, cmd, mac, sizeof(mac));
		if (ret)
			return ret;
		if (!is_valid_ether_addr(mac))
			return -EINVAL;
		mdev_soft_net_set_mac(net, MDEV_SOFT_NET_MAC_BY_DRIVER, mac);
		return 0;

	case VIRTIO_NET_CTRL_MAC_TABLE_SET:
		if (!mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_RX))
			return -EINVAL;
		ret = soft_net_ctrl_macs(net, &ctrl->uni, cmd);
		if (ret)
			return ret;
		ret = soft_net_ctrl_macs(net, &ctrl->multi, cmd);
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

static void soft_net_pairs_set(struct mdev_soft_net *net, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++) {
		if (i < nr)
			WRITE_ONCE(net->pair_state[i], MDEV_SOFT_NET_PAIR_ON);
		else if (net->pair_state[i] == MDEV_SOFT_NET_PAIR_ON)
			WRITE_ONCE(net->pair_state[i], MDEV_SOFT_NET_PAIR_OFF);
	}
}

/**
 * soft_net_pairs_reset() - the first pair is in use, as after a reset
 * @net: the instance, not live
 *
 * Context: process context, serialised by the class driver.
 */
void soft_net_pairs_reset(struct mdev_soft_net *net)
{
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++)
		net->pair_state[i] = MDEV_SOFT_NET_PAIR_UNUSED;
	soft_net_pairs_set(net, 1);
}

static int soft_net_ctrl_mq(struct mdev_soft_net *net, u8 which, struct soft_net_cmd *cmd)
{
	__le16 pairs;
	int ret;

	if (which != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET ||
	    !mdev_soft_net_has(net, VIRTIO_NET_F_MQ) || cmd->len != sizeof(pairs))
		return -EINVAL;
	ret = soft_net_cmd_get(net, cmd, &pairs, sizeof(pairs));
	if (ret)
		return ret;
	if (!le16_to_cpu(pairs) || le16_to_cpu(pairs) > net->max_pairs)
		return -EINVAL;

	soft_net_pairs_set(net, le16_to_cpu(pairs));
	net->ops->pairs_changed(net);
	return 0;
}

static int soft_net_ctrl_vlan(struct mdev_soft_net *net, u8 which,
			      struct soft_net_cmd *cmd)
{
	unsigned long flags;
	__le16 data;
	u64 *word;
	u16 vid;
	int ret;

	if (which > VIRTIO_NET_CTRL_VLAN_DEL || cmd->len != sizeof(data) ||
	    !mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_VLAN))
		return -EINVAL;
	ret = soft_net_cmd_get(net, cmd, &data, sizeof(data));
	if (ret)
		return ret;
	vid = le16_to_cpu(data);
	if (vid >= MDEV_SOFT_NET_NR_VLANS)
		return -EINVAL;
	vid = array_index_nospec(vid, MDEV_SOFT_NET_NR_VLANS);
	word = &net->filter.vlans[vid / 64];

	write_seqlock_irqsave(&net->state_lock, flags);
	if (which == VIRTIO_NET_CTRL_VLAN_ADD)
		WRITE_ONCE(*word, *word | BIT_ULL(vid % 64));
	else
		WRITE_ONCE(*word, *word & ~BIT_ULL(vid % 64));
	write_sequnlock_irqrestore(&net->state_lock, flags);
	return 0;
}

static int soft_net_ctrl_offloads(struct mdev_soft_net *net, u8 which,
				  struct soft_net_cmd *cmd)
{
	__le64 data;
	u64 may, on;
	int ret;

	if (which != VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET ||
	    cmd->len != sizeof(data) ||
	    !mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS))
		return -EINVAL;
	ret = soft_net_cmd_get(net, cmd, &data, sizeof(data));
	if (ret)
		return ret;
	may = soft_net_offloads(net);
	on = le64_to_cpu(data);
	if (on & ~may)
		return -EINVAL;

	WRITE_ONCE(net->offloads_off, may & ~on);
	if (net->ops->offloads_changed)
		net->ops->offloads_changed(net);
	return 0;
}

static int soft_net_ctrl_announce(struct mdev_soft_net *net, u8 which,
				  struct soft_net_cmd *cmd)
{
	if (which != VIRTIO_NET_CTRL_ANNOUNCE_ACK || cmd->len ||
	    !mdev_soft_net_has(net, VIRTIO_NET_F_GUEST_ANNOUNCE))
		return -EINVAL;
	/* No interrupt: the driver asked for the change. */
	mdev_soft_net_change_status(net, VIRTIO_NET_S_ANNOUNCE, 0);
	return 0;
}

static int soft_net_ctrl_command(struct mdev_soft_net *net, struct soft_net_cmd *cmd)
{
	struct virtio_net_ctrl_hdr hdr;
	int ret;

	ret = soft_net_cmd_get(net, cmd, &hdr, sizeof(hdr));
	if (ret)
		return ret;

	switch (hdr.class) {
	case VIRTIO_NET_CTRL_RX:
		return soft_net_ctrl_rx(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_MAC:
		return soft_net_ctrl_mac(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_VLAN:
		return soft_net_ctrl_vlan(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_GUEST_OFFLOADS:
		return soft_net_ctrl_offloads(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_ANNOUNCE:
		return soft_net_ctrl_announce(net, hdr.cmd, cmd);
	case VIRTIO_NET_CTRL_MQ:
		return soft_net_ctrl_mq(net, hdr.cmd, cmd);
	default:
		return -EINVAL;
	}
}

/* 0, or -EPROTO if the queue broke. */
static int soft_net_ctrl_answer(struct mdev_soft_net *net, struct mdev_vq *vq,
				const struct mdev_vq_chain *chain)
{
	struct soft_net_cmd cmd = {
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
	if (chain->out_len <= SOFT_NET_CTRL_MAX_LEN)
		ret = soft_net_ctrl_command(net, &cmd);
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
static bool soft_net_ctrl_run(struct mdev_soft_net *net, struct mdev_vq *vq)
{
	struct mdev_vq_chain chain = {
		.segs = net->ctrl.segs,
		.max_segs = MDEV_VQ_MAX_SEGS,
	};
	unsigned int n;
	u64 bytes = 0;

	for (n = 0; n < SOFT_NET_CTRL_BUDGET && bytes < SOFT_NET_CTRL_BUDGET_BYTES;
	     n++) {
		if (mdev_vq_take(vq, &chain) <= 0)
			return false;
		bytes += mdev_vq_chain_cost(&chain);
		if (soft_net_ctrl_answer(net, vq, &chain)) {
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

static struct mdev_vq *soft_net_ctrl_vq(struct mdev_soft_net *net)
{
	return mdev_soft_vq(&net->soft, 2 * mdev_soft_net_nr_pairs(net));
}

/*
 * Serve the queue, in the worker or in the context of a kick.  Returns whether
 * there may be more, or the worker has to serve it.
 */
static bool soft_net_ctrl_serve(struct mdev_soft_net *net, bool kick)
{
	struct mdev_vq *vq = soft_net_ctrl_vq(net);
	bool more = false;

	if (!mdev_vq_claim(vq))
		return false;
	/* Features are stable only once the queue is claimed: check again. */
	if (vq != soft_net_ctrl_vq(net) || !mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_VQ))
		goto out;

	if (mdev_vq_mem(vq)->direct) {
		/* Nothing in there sleeps, so it may be called by a kick, too. */
		spin_lock_bh(&net->ctrl.lock);
		more = soft_net_ctrl_run(net, vq);
		spin_unlock_bh(&net->ctrl.lock);
	} else {
		more = kick || soft_net_ctrl_run(net, vq);
	}
out:
	mdev_vq_release(vq);
	return more;
}

static void soft_net_ctrl_queue(struct mdev_soft_net *net)
{
	mdev_worker_queue(net->ops->ctrl_worker(net), &net->ctrl.work);
}

static void soft_net_ctrl_work(struct mdev_work *work)
{
	struct mdev_soft_net *net = container_of(work, struct mdev_soft_net, ctrl.work);

	if (soft_net_ctrl_serve(net, false))
		soft_net_ctrl_queue(net);
}

/**
 * mdev_soft_net_ctrl_kick() - the driver put commands into the control queue
 * @net: the instance; the control queue is live
 *
 * The kernel's virtio-net spins for the answer, up to 6.1 with bottom halves
 * disabled: on a machine with one CPU no worker would ever run.  So the command is
 * answered before the kick returns, if the memory is direct, and if the driver's
 * callback can be called in the context of the kick.
 *
 * Context: any.
 */
void mdev_soft_net_ctrl_kick(struct mdev_soft_net *net)
{
	bool here = mdev_soft_net_is_direct(net) && !irqs_disabled();

	if (!here || soft_net_ctrl_serve(net, true))
		soft_net_ctrl_queue(net);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_ctrl_kick);

/**
 * mdev_soft_net_ctrl_prepare() - allocate all that is needed to serve the control queue
 * @net: the instance
 *
 * Context: process context, serialised by the class driver; the queue is not
 * started.
 * Return: 0 or a negative errno.
 */
int mdev_soft_net_ctrl_prepare(struct mdev_soft_net *net)
{
	if (!net->ctrl.segs) {
		net->ctrl.segs = kvmalloc_array(MDEV_VQ_MAX_SEGS,
						sizeof(*net->ctrl.segs),
						mdev_mem_gfp(mdev_soft_mem(&net->soft)));
		if (!net->ctrl.segs)
			return -ENOMEM;
	}
	return net->ops->prepare_ctrl(net);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_ctrl_prepare);

/**
 * soft_net_ctrl_reset() - undo mdev_soft_net_ctrl_prepare()
 * @net: the instance, the worker that serves its control queue is stopped
 *
 * Context: process context, serialised by the class driver.
 */
void soft_net_ctrl_reset(struct mdev_soft_net *net)
{
	kvfree(net->ctrl.segs);
	net->ctrl.segs = NULL;
}

/**
 * soft_net_ctrl_init() - make the control queue
 * @net: the instance, zeroed
 */
void soft_net_ctrl_init(struct mdev_soft_net *net)
{
	spin_lock_init(&net->ctrl.lock);
	mdev_work_init(&net->ctrl.work, soft_net_ctrl_work);
}
