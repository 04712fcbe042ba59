// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: making and removing instances.
 */

#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "mvnet.h"

static void mvnet_free(struct mvnet *net)
{
	mdev_soft_destroy(&net->soft);
	mvnet_doorbell_destroy(net);
	kvfree(net);
}

static int mvnet_create(struct mdev_class_device *cdev)
{
	struct mvnet *net;
	u8 mac[ETH_ALEN] __aligned(2);
	unsigned int i;
	int ret;

	net = kvzalloc(sizeof(*net), GFP_KERNEL);
	if (!net)
		return -ENOMEM;

	ret = mdev_soft_init(&net->soft, cdev, cdev->type->data);
	if (ret) {
		kvfree(net);
		return ret;
	}
	/* Rings are always little-endian, so VERSION_1 cannot be switched off. */
	net->soft.features &= ~READ_ONCE(mvnet_features_off) |
			      BIT_ULL(VIRTIO_F_VERSION_1);
	/* All but the control queue */
	net->max_pairs = net->soft.desc->nr_vqs / 2;
	net->net_status = VIRTIO_NET_S_LINK_UP;
	net->busy_poll = mvnet_busy_poll;
	net->filter.promisc = true;
	net->mtu = mvnet_mtu;
	net->driver_mtu = mvnet_mtu;
	seqlock_init(&net->state_lock);
	eth_random_addr(mac);
	mvnet_set_mac(net, MVNET_MAC_BY_ADMIN, mac);
	mvnet_ctrl_init(net);
	for (i = 0; i < net->max_pairs; i++)
		mvnet_pair_init(&net->pairs[i], net, i);

	mvnet_pairs_reset(net);
	ret = mvnet_doorbell_init(net);
	if (ret)
		goto err;

	mdev_class_set_groups(cdev, mvnet_groups);
	return 0;

err:
	mvnet_free(net);
	return ret;
}

static void mvnet_remove(struct mdev_class_device *cdev)
{
	/* The class driver has reset the device, if there ever was one. */
	mvnet_free(to_mvnet(cdev));
}

const struct mdev_class_parent_ops mvnet_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvnet_create,
	.remove = mvnet_remove,
};
