// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: speed and duplex, which both ends show.
 *
 * They limit nothing.  A bridge takes the cost of a port from the speed, and a bond
 * wants all of its ports to have the same.
 */

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "net_mdev.h"

/**
 * net_mdev_get_link_ksettings() - &ethtool_ops.get_link_ksettings
 * @dev: the network device
 * @cmd: result
 *
 * Context: process context, with the rtnl.
 * Return: 0.
 */
int net_mdev_get_link_ksettings(struct net_device *dev,
				struct ethtool_link_ksettings *cmd)
{
	const struct mdev_soft_net *net = &dev_to_net_mdev(dev)->net;

	cmd->base.speed = net->speed;
	cmd->base.duplex = net->duplex;
	cmd->base.port = PORT_OTHER;
	cmd->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

/**
 * net_mdev_set_link_ksettings() - &ethtool_ops.set_link_ksettings
 * @dev: the network device
 * @cmd: what to set
 *
 * The core has checked the speed and the duplex, and that nothing else is set that was
 * not set before.
 *
 * Context: process context, with the rtnl.
 * Return: 0 or -EINVAL.
 */
int net_mdev_set_link_ksettings(struct net_device *dev,
				const struct ethtool_link_ksettings *cmd)
{
	struct mdev_soft_net *net = &dev_to_net_mdev(dev)->net;

	ASSERT_RTNL();
	if (!ethtool_validate_speed(cmd->base.speed) ||
	    !ethtool_validate_duplex(cmd->base.duplex) ||
	    cmd->base.port != PORT_OTHER ||
	    cmd->base.autoneg != AUTONEG_DISABLE)
		return -EINVAL;
	mdev_soft_net_set_speed(net, cmd->base.speed, cmd->base.duplex);
	return 0;
}
