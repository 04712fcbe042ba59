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

/* ---- what is offered ---- */

/* What the specification asks of the device, not of a driver (section 5.1.3.1) */
static const struct mdev_soft_net_rule soft_net_offer_rules[] = {
	{ VIRTIO_NET_F_CTRL_RX, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_RX_EXTRA, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_VLAN, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_CTRL_VQ },
	{ VIRTIO_NET_F_MQ, VIRTIO_NET_F_CTRL_VQ },
};

/* The bit that one of the rules needs and that is missing, or -1 */
static int soft_net_lacks(u64 features, const struct mdev_soft_net_rule *rules,
			  unsigned int nr)
{
	const struct mdev_soft_net_rule *rule;

	for (rule = rules; rule < rules + nr; rule++)
		if (features & BIT_ULL(rule->feature) &&
		    !(features & BIT_ULL(rule->needs)))
			return rule->needs;
	return -1;
}

/* Those that need a bit */
static u64 soft_net_needing(u64 features, unsigned int bit,
			    const struct mdev_soft_net_rule *rules,
			    unsigned int nr)
{
	const struct mdev_soft_net_rule *rule;
	u64 needing = 0;

	for (rule = rules; rule < rules + nr; rule++)
		if (rule->needs == bit)
			needing |= BIT_ULL(rule->feature);
	return features & needing;
}

/**
 * mdev_soft_net_check_offer() - &mdev_soft_desc.check_offer
 * @soft: the device
 * @features: what is to be offered
 *
 * A driver may take all of it, so all has to go together.
 *
 * Context: process context.
 * Return: 0; -EINVAL, and mdev_class_error() was called.
 */
int mdev_soft_net_check_offer(struct mdev_soft *soft, u64 features)
{
	struct mdev_soft_net *net = soft_to_net(soft);
	char needing[128], needed[32];
	u64 mask;
	int bit;

	bit = soft_net_lacks(features, soft_net_rules,
			     ARRAY_SIZE(soft_net_rules));
	if (bit < 0)
		bit = soft_net_lacks(features, soft_net_offer_rules,
				     ARRAY_SIZE(soft_net_offer_rules));
	if (bit < 0)
		bit = soft_net_lacks(features, net->ops->rules,
				     net->ops->nr_rules);
	if (bit < 0)
		return 0;

	mask = soft_net_needing(features, bit, soft_net_rules,
				ARRAY_SIZE(soft_net_rules)) |
	       soft_net_needing(features, bit, soft_net_offer_rules,
				ARRAY_SIZE(soft_net_offer_rules)) |
	       soft_net_needing(features, bit, net->ops->rules,
				net->ops->nr_rules);
	mdev_class_feature_names(soft->cdev, mask, needing, sizeof(needing));
	mdev_class_feature_names(soft->cdev, BIT_ULL(bit), needed,
				 sizeof(needed));
	mdev_class_error(soft->cdev, "features: without %s this device cannot offer %s either",
			 needed, needing);
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_check_offer);
