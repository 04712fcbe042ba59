// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: which features a driver has to negotiate together.
 */

#include <linux/module.h>

#include "soft_net.h"

/*
 * Features that need VIRTIO_NET_F_CTRL_VQ are not among them: without that queue
 * they have no effect, and DPDK's virtio-user negotiates them without it, because
 * it answers the commands itself.
 */
static const struct mdev_soft_net_rule soft_net_rules[] = {
	{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_HOST_USO, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_GUEST_USO4, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_USO6, VIRTIO_NET_F_GUEST_CSUM },
};

static bool soft_net_follows(struct mdev_soft_net *net, u64 features,
			     const struct mdev_soft_net_rule *rules,
			     unsigned int nr)
{
	const struct mdev_soft_net_rule *rule;

	for (rule = rules; rule < rules + nr; rule++) {
		if (!(features & BIT_ULL(rule->feature)) ||
		    features & BIT_ULL(rule->needs))
			continue;
		dev_err_ratelimited(&net->soft.cdev->dev,
				    "the driver must take feature bit %u with bit %u: %s\n",
				    rule->needs, rule->feature, rule->why ?:
				    "the virtio specification asks for it");
		return false;
	}
	return true;
}

/**
 * mdev_soft_net_check_features() - whether the device can work with a driver's choice
 * @soft: the device
 * @features: what the driver wants; all of it is offered
 *
 * Context: process context.
 * Return: 0 or -EINVAL.
 */
int mdev_soft_net_check_features(struct mdev_soft *soft, u64 features)
{
	struct mdev_soft_net *net = soft_to_net(soft);

	if (!soft_net_follows(net, features, soft_net_rules,
			      ARRAY_SIZE(soft_net_rules)) ||
	    !soft_net_follows(net, features, net->ops->rules,
			      net->ops->nr_rules))
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_check_features);
