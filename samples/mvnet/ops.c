// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: what struct mdev_soft is told of the device.
 */

#include <linux/pci_ids.h>

#include "mvnet.h"

#define MVNET_FEATURES	(MDEV_SOFT_FEATURES |				\
			 BIT_ULL(VIRTIO_F_IN_ORDER) |			\
			 BIT_ULL(VIRTIO_NET_F_CSUM) |			\
			 BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) |		\
			 BIT_ULL(VIRTIO_NET_F_HOST_TSO4) |		\
			 BIT_ULL(VIRTIO_NET_F_HOST_TSO6) |		\
			 BIT_ULL(VIRTIO_NET_F_HOST_ECN) |		\
			 BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) |		\
			 BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) |		\
			 BIT_ULL(VIRTIO_NET_F_GUEST_ECN) |		\
			 BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) |		\
			 BIT_ULL(VIRTIO_NET_F_MAC) |			\
			 BIT_ULL(VIRTIO_NET_F_STATUS) |			\
			 BIT_ULL(VIRTIO_NET_F_MTU) |			\
			 BIT_ULL(VIRTIO_NET_F_CTRL_VQ) |		\
			 BIT_ULL(VIRTIO_NET_F_CTRL_RX) |		\
			 BIT_ULL(VIRTIO_NET_F_CTRL_RX_EXTRA) |		\
			 BIT_ULL(VIRTIO_NET_F_CTRL_MAC_ADDR) |		\
			 BIT_ULL(VIRTIO_NET_F_GUEST_ANNOUNCE))

static void mvnet_kick(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	/* A queue that is not live is looked at when it is started or resumed. */
	if (!mdev_vq_is_live(mdev_soft_vq(soft, idx)))
		return;
	if (mvnet_is_ctrl(net, idx))
		mvnet_ctrl_kick(net);
	else
		mvnet_pair_kick(net, idx / 2);
}

static int mvnet_prepare_vq(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	if (mvnet_is_ctrl(net, idx))
		return mvnet_ctrl_prepare(net);
	if (idx / 2 < mvnet_nr_pairs(net))
		return mvnet_pair_prepare(&net->pairs[idx / 2]);
	/* A queue that has no meaning with the negotiated features */
	return 1;
}

/* The control queue is a group by itself, so that a user can intercept commands. */
static u32 mvnet_get_vq_group(struct mdev_soft *soft, u16 idx)
{
	return mvnet_is_ctrl(soft_to_mvnet(soft), idx) ? 1 : 0;
}

static struct mdev_worker *mvnet_get_vq_worker(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	/* The first pair's worker serves the control queue as well. */
	return &net->pairs[idx / 2 < mvnet_nr_pairs(net) ? idx / 2 : 0].worker;
}

static void mvnet_reset(struct mdev_soft *soft)
{
	struct mvnet *net = soft_to_mvnet(soft);
	unsigned int i;

	for (i = 0; i < net->max_pairs; i++)
		mvnet_pair_reset(&net->pairs[i]);
	mvnet_ctrl_reset(net);

	/*
	 * Settings from the control queue end here.  Link and polling time stay,
	 * because the administrator sets them.
	 */
	mvnet_end_mac(net, MVNET_MAC_BY_DRIVER);
	WRITE_ONCE(net->driver_mtu, READ_ONCE(net->mtu));
	mvnet_filter_reset(net);
	mvnet_change_net_status(net, VIRTIO_NET_S_ANNOUNCE, 0);
	mvnet_pairs_reset(net);
}

static void mvnet_end_use(struct mdev_soft *soft)
{
	mvnet_end_mac(soft_to_mvnet(soft), MVNET_MAC_BY_USER);
}

#define MVNET_DESC(_pairs, _features) {					\
	.kick = mvnet_kick,						\
	.get_vq_worker = mvnet_get_vq_worker,				\
	.prepare_vq = mvnet_prepare_vq,					\
	.get_vq_group = mvnet_get_vq_group,				\
	.get_vq_notification = mvnet_get_vq_notification,		\
	.set_vq_affinity = mvnet_set_vq_affinity,			\
	.get_vq_affinity = mvnet_get_vq_affinity,			\
	.check_features = mvnet_check_features,				\
	.start = mvnet_doorbell_start,					\
	.stop = mvnet_doorbell_stop,					\
	.reset = mvnet_reset,						\
	.end_use = mvnet_end_use,					\
	.save = mvnet_save,						\
	.load = mvnet_load,						\
	.get_config = mvnet_get_config,					\
	.set_config = mvnet_set_config,					\
	.get_generation = mvnet_get_generation,				\
	.device_id = VIRTIO_ID_NET,					\
	.vendor_id = PCI_VENDOR_ID_REDHAT_QUMRANET,			\
	.features = _features,						\
	.config_size = sizeof(struct virtio_net_config),		\
	.nr_vqs = 2 * (_pairs) + 1,					\
	.num_max = MVNET_NUM_MAX,					\
	.nr_groups = 2,							\
}

const struct mdev_soft_desc mvnet_one_pair =
	MVNET_DESC(1, MVNET_FEATURES);
const struct mdev_soft_desc mvnet_eight_pairs =
	MVNET_DESC(MVNET_MAX_PAIRS, MVNET_FEATURES | BIT_ULL(VIRTIO_NET_F_MQ));
