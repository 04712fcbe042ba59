// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: making and removing instances.
 */

#include <linux/ethtool.h>
#include <linux/slab.h>

#include "net_mdev.h"

static int net_mdev_create(struct mdev_class_device *cdev)
{
	struct net_mdev *nm;
	int ret;

	nm = kvzalloc(sizeof(*nm), GFP_KERNEL);
	if (!nm)
		return -ENOMEM;

	ret = mdev_soft_net_init(&nm->net, cdev, cdev->type->data,
				 &net_mdev_net_ops);
	if (ret)
		goto err_free;
	mdev_soft_remove_features(&nm->net.soft,
				  READ_ONCE(net_mdev_features_off));
	nm->net.mtu = net_mdev_mtu;
	nm->net.driver_mtu = net_mdev_mtu;
	nm->net.speed = SPEED_10000;
	nm->net.duplex = DUPLEX_FULL;
	nm->stall = net_mdev_stall;
	spin_lock_init(&nm->carrier_lock);
	INIT_DELAYED_WORK(&nm->update, net_mdev_update);

	ret = net_mdev_dev_create(nm);
	if (ret)
		goto err_net;
	mdev_class_set_groups(cdev, net_mdev_groups);
	return 0;

err_net:
	mdev_soft_net_destroy(&nm->net);
err_free:
	kvfree(nm);
	return ret;
}

static void net_mdev_remove(struct mdev_class_device *cdev)
{
	struct net_mdev *nm = soft_to_net_mdev(mdev_soft_of(cdev));

	/* The class driver has reset the device, if there ever was one. */
	net_mdev_dev_destroy(nm);
	mdev_soft_net_destroy(&nm->net);
	kvfree(nm);
}

const struct mdev_class_parent_ops net_mdev_parent_ops = {
	.owner = THIS_MODULE,
	.create = net_mdev_create,
	.remove = net_mdev_remove,
};
