// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: what struct mdev_soft is told of the device.
 */

#include "mvnet.h"

static void mvnet_kick(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	/* A queue that is not live is looked at when it is started or resumed. */
	if (!mdev_vq_is_live(mdev_soft_vq(soft, idx)))
		return;
	if (mdev_soft_net_is_ctrl(&net->base, idx))
		mdev_soft_net_ctrl_kick(&net->base);
	else
		mvnet_pair_kick(net, idx);
}

static int mvnet_prepare_vq(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	if (mdev_soft_net_is_ctrl(&net->base, idx))
		return mdev_soft_net_ctrl_prepare(&net->base);
	if (idx / 2 < mdev_soft_net_nr_pairs(&net->base))
		return mvnet_pair_prepare(&net->pairs[idx / 2]);
	/* A queue that has no meaning with the negotiated features */
	return 1;
}

/* The first pair's worker serves the control queue as well. */
static struct mdev_worker *mvnet_ctrl_worker(struct mdev_soft_net *net)
{
	return &net_to_mvnet(net)->pairs[0].worker;
}

static struct mdev_worker *mvnet_get_vq_worker(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	if (idx / 2 < mdev_soft_net_nr_pairs(&net->base))
		return &net->pairs[idx / 2].worker;
	return mvnet_ctrl_worker(&net->base);
}

static void mvnet_reset(struct mdev_soft *soft)
{
	struct mvnet *net = soft_to_mvnet(soft);
	unsigned int i;

	for (i = 0; i < net->base.max_pairs; i++)
		mvnet_pair_reset(&net->pairs[i]);
	mdev_soft_net_reset(&net->base);
}

static int mvnet_prepare_ctrl(struct mdev_soft_net *net)
{
	return mvnet_pair_prepare(&net_to_mvnet(net)->pairs[0]);
}

static void mvnet_pairs_changed(struct mdev_soft_net *net)
{
	mvnet_wake_pairs(net_to_mvnet(net));
}

/* Transmit queues may have waited for the link. */
static void mvnet_link_changed(struct mdev_soft_net *net)
{
	mvnet_wake_pairs(net_to_mvnet(net));
}

#define MVNET_CANNOT_SEGMENT \
	"this device hands frames on as they are and cannot segment them"

static const struct mdev_soft_net_rule mvnet_rules[] = {
	{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_GUEST_TSO4,
	  MVNET_CANNOT_SEGMENT },
	{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_GUEST_TSO6,
	  MVNET_CANNOT_SEGMENT },
	{ VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_GUEST_ECN,
	  MVNET_CANNOT_SEGMENT },
};

const struct mdev_soft_net_ops mvnet_net_ops = {
	.prepare_ctrl = mvnet_prepare_ctrl,
	.ctrl_worker = mvnet_ctrl_worker,
	.pairs_changed = mvnet_pairs_changed,
	.link_changed = mvnet_link_changed,
	.rules = mvnet_rules,
	.nr_rules = ARRAY_SIZE(mvnet_rules),
};

#define MVNET_DESC(_pairs, _features) {					\
	MDEV_SOFT_NET_DESC(_pairs),					\
	.kick = mvnet_kick,						\
	.get_vq_worker = mvnet_get_vq_worker,				\
	.prepare_vq = mvnet_prepare_vq,					\
	.get_vq_notification = mvnet_get_vq_notification,		\
	.set_vq_affinity = mvnet_set_vq_affinity,			\
	.get_vq_affinity = mvnet_get_vq_affinity,			\
	.start = mvnet_doorbell_start,					\
	.stop = mvnet_doorbell_stop,					\
	.reset = mvnet_reset,						\
	.features = _features,						\
	.num_max = MVNET_NUM_MAX,					\
}

const struct mdev_soft_desc mvnet_one_pair =
	MVNET_DESC(1, MDEV_SOFT_NET_FEATURES);
const struct mdev_soft_desc mvnet_eight_pairs =
	MVNET_DESC(MVNET_MAX_PAIRS,
		   MDEV_SOFT_NET_FEATURES | BIT_ULL(VIRTIO_NET_F_MQ));
