// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: making and removing instances.
 */

#include <linux/slab.h>

#include "mvnet.h"

static void mvnet_free(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->base.all_pairs; i++)
		mvnet_pair_destroy(&net->pairs[i]);
	mdev_soft_net_destroy(&net->base);
	mvnet_doorbell_destroy(net);
	kvfree(net);
}

static int mvnet_create(struct mdev_class_device *cdev)
{
	struct mvnet *net;
	unsigned int i;
	int ret;

	net = kvzalloc(sizeof(*net), GFP_KERNEL);
	if (!net)
		return -ENOMEM;

	ret = mdev_soft_net_init(&net->base, cdev, cdev->type->data,
				 &mvnet_net_ops);
	if (ret) {
		kvfree(net);
		return ret;
	}
	mdev_soft_remove_features(&net->base.soft,
				  READ_ONCE(mvnet_features_off));
	net->base.max_mtu = MVNET_MAX_MTU;
	net->base.mtu = mvnet_mtu;
	net->base.driver_mtu = mvnet_mtu;
	net->busy_poll = mvnet_busy_poll;
	for (i = 0; i < net->base.all_pairs; i++) {
		ret = mvnet_pair_init(&net->pairs[i], net, i);
		if (ret)
			goto err;
	}
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
