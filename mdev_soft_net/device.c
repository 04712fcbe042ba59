// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: making them, and what a reset ends.
 */

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/module.h>

#include "soft_net.h"

/**
 * mdev_soft_net_init() - make an instance a software network device
 * @net: the device, zeroed
 * @cdev: the instance
 * @desc: what kind of device it is
 * @ops: the parent's
 *
 * The link is up, the address is random, MTU and largest MTU are those of Ethernet and of
 * the specification, and the speed is unknown: the parent may change all of this, and
 * remove features, before it returns from &mdev_class_parent_ops.create.
 *
 * Context: process context, in &mdev_class_parent_ops.create.
 * Return: 0, or a negative errno and nothing has to be undone; mdev_soft_net_destroy()
 * undoes it.
 */
int mdev_soft_net_init(struct mdev_soft_net *net,
		       struct mdev_class_device *cdev,
		       const struct mdev_soft_desc *desc,
		       const struct mdev_soft_net_ops *ops)
{
	/* All but the control queue */
	unsigned int max_pairs = desc->nr_vqs / 2;
	u8 mac[ETH_ALEN] __aligned(2);
	int ret;

	if (WARN_ON(!max_pairs || max_pairs > MDEV_SOFT_NET_MAX_PAIRS))
		return -EINVAL;
	ret = mdev_soft_init(&net->soft, cdev, desc);
	if (ret)
		return ret;
	net->ops = ops;
	net->all_pairs = max_pairs;
	net->max_pairs = max_pairs;
	net->max_mtu = ETH_MAX_MTU;
	net->mtu = ETH_DATA_LEN;
	net->driver_mtu = ETH_DATA_LEN;
	net->speed = SPEED_UNKNOWN;
	net->duplex = DUPLEX_UNKNOWN;
	net->status = VIRTIO_NET_S_LINK_UP;
	net->filter.promisc = true;
	seqlock_init(&net->state_lock);
	eth_random_addr(mac);
	mdev_soft_net_set_mac(net, MDEV_SOFT_NET_MAC_BY_ADMIN, mac);
	soft_net_ctrl_init(net);
	soft_net_pairs_reset(net);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_init);

/**
 * soft_net_set_pairs() - change the number of queue pairs
 * @net: the device
 * @pairs: 1 to &mdev_soft_net.all_pairs
 *
 * With a single one there is nothing that VIRTIO_NET_F_MQ could be for.
 *
 * Context: between mdev_class_setup_begin() and mdev_class_setup_end().
 * Return: 0, or a negative errno and nothing has changed.
 */
int soft_net_set_pairs(struct mdev_soft_net *net, unsigned int pairs)
{
	u64 possible = net->soft.desc->features;
	int ret;

	ret = mdev_soft_set_nr_vqs(&net->soft, 2 * pairs + 1);
	if (ret)
		return ret;
	WRITE_ONCE(net->max_pairs, pairs);
	if (pairs == 1)
		possible &= ~BIT_ULL(VIRTIO_NET_F_MQ);
	mdev_soft_limit_features(&net->soft, possible,
				 BIT_ULL(VIRTIO_F_VERSION_1));
	return 0;
}

/**
 * mdev_soft_net_destroy() - undo mdev_soft_net_init()
 * @net: the device, reset
 *
 * Context: process context.
 */
void mdev_soft_net_destroy(struct mdev_soft_net *net)
{
	mdev_soft_destroy(&net->soft);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_destroy);

/**
 * mdev_soft_net_reset() - forget what the control queue has set
 * @net: the device; its workers are stopped
 *
 * Link, MTU and address of the administrator stay.
 *
 * Context: process context, in &mdev_soft_desc.reset.
 */
void mdev_soft_net_reset(struct mdev_soft_net *net)
{
	soft_net_ctrl_reset(net);
	mdev_soft_net_end_mac(net, MDEV_SOFT_NET_MAC_BY_DRIVER);
	WRITE_ONCE(net->driver_mtu, READ_ONCE(net->mtu));
	soft_net_filter_reset(net);
	mdev_soft_net_change_status(net, VIRTIO_NET_S_ANNOUNCE, 0);
	soft_net_pairs_reset(net);
	WRITE_ONCE(net->offloads_off, 0);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_reset);

/**
 * mdev_soft_net_set_mtu() - the administrator wants another MTU
 * @net: the device
 * @mtu: within the device's limits; the caller has checked it
 *
 * A driver that is there is told after its next reset.
 *
 * Context: process context, serialised by the parent.
 */
void mdev_soft_net_set_mtu(struct mdev_soft_net *net, unsigned int mtu)
{
	WRITE_ONCE(net->mtu, mtu);
	/* A driver of the kernel does not reset the device as it is bound. */
	if (!mdev_soft_has_driver(&net->soft))
		WRITE_ONCE(net->driver_mtu, mtu);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_set_mtu);

/**
 * mdev_soft_net_end_use() - &mdev_soft_desc.end_use
 * @soft: the device
 *
 * Context: process context, serialised by the class driver.
 */
void mdev_soft_net_end_use(struct mdev_soft *soft)
{
	mdev_soft_net_end_mac(soft_to_net(soft), MDEV_SOFT_NET_MAC_BY_USER);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_end_use);

/**
 * mdev_soft_net_get_vq_group() - &mdev_soft_desc.get_vq_group
 * @soft: the device
 * @idx: index of a virtqueue
 *
 * The control queue is a group by itself, so that a user can intercept commands.
 *
 * Context: process context, serialised by the class driver.
 * Return: 1 for the control queue, 0 for the others.
 */
u32 mdev_soft_net_get_vq_group(struct mdev_soft *soft, u16 idx)
{
	return mdev_soft_net_is_ctrl(soft_to_net(soft), idx) ? 1 : 0;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_get_vq_group);
