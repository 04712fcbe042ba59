// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: which features a driver has to negotiate together.
 */

#include "mvnet.h"

/**
 * struct mvnet_rule - a feature that needs another
 * @feature: bit number
 * @needs: bit number of the other
 * @why: the reason, for a message; NULL if the virtio specification requires it
 *	(section 5.1.3.1)
 */
struct mvnet_rule {
	u8 feature;
	u8 needs;
	const char *why;
};

#define MVNET_CANNOT_SEGMENT \
	"this device hands frames on as they are and cannot segment them"

/*
 * Features that need VIRTIO_NET_F_CTRL_VQ are not among them: without that queue
 * they have no effect, and DPDK's virtio-user negotiates them without it, because
 * it answers the commands itself.
 */
static const struct mvnet_rule mvnet_rules[] = {
	{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_GUEST_CSUM },
	{ VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_GUEST_TSO4,
	  MVNET_CANNOT_SEGMENT },
	{ VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_GUEST_TSO6,
	  MVNET_CANNOT_SEGMENT },
	{ VIRTIO_NET_F_HOST_ECN, VIRTIO_NET_F_GUEST_ECN,
	  MVNET_CANNOT_SEGMENT },
};

/**
 * mvnet_check_features() - whether the device can work with a driver's choice
 * @soft: the instance
 * @features: what the driver wants; all of it is offered
 *
 * Context: process context.
 * Return: 0 or -EINVAL.
 */
int mvnet_check_features(struct mdev_soft *soft, u64 features)
{
	struct device *dev = &soft->cdev->dev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mvnet_rules); i++) {
		const struct mvnet_rule *rule = &mvnet_rules[i];

		if (!(features & BIT_ULL(rule->feature)) ||
		    features & BIT_ULL(rule->needs))
			continue;
		dev_err_ratelimited(dev, "the driver must take feature bit %u with bit %u: %s\n",
				    rule->needs, rule->feature, rule->why ?:
				    "the virtio specification asks for it");
		return -EINVAL;
	}
	return 0;
}
