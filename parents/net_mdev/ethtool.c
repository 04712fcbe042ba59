// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: what ethtool shows of the network device.
 */

#include <linux/ethtool.h>

#include "net_mdev.h"

static void net_mdev_get_drvinfo(struct net_device *dev,
				 struct ethtool_drvinfo *info)
{
	struct mdev_class_device *cdev = dev_to_net_mdev(dev)->net.soft.cdev;

	strscpy(info->driver, "net_mdev", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(&cdev->dev), sizeof(info->bus_info));
}

static void net_mdev_get_channels(struct net_device *dev,
				  struct ethtool_channels *channels)
{
	channels->max_combined = dev->num_tx_queues;
	channels->combined_count = dev->real_num_tx_queues;
}

static void net_mdev_get_ringparam(struct net_device *dev,
				   struct ethtool_ringparam *ring,
				   struct kernel_ethtool_ringparam *kernel_ring,
				   struct netlink_ext_ack *extack)
{
	const struct net_mdev_pair *pair = dev_to_net_mdev(dev)->pairs;

	/* Those of the driver, whose receive queue this end sends to */
	ring->rx_max_pending = NET_MDEV_NUM_MAX;
	ring->tx_max_pending = NET_MDEV_NUM_MAX;
	ring->rx_pending = mdev_vq_num(pair->rx.vq);
	ring->tx_pending = mdev_vq_num(pair->tx.vq);
}

/* What the statistics of the device do not say, of each pair */
static const struct {
	const char *name;
	bool tx;
	size_t offset;
} net_mdev_stats[] = {
#define NET_MDEV_RX_STAT(_name) \
	{ "rx%u_" #_name, false, offsetof(struct net_mdev_counters, _name) }
#define NET_MDEV_TX_STAT(_name) \
	{ "tx%u_" #_name, true, offsetof(struct net_mdev_counters, _name) }
	NET_MDEV_RX_STAT(packets),
	NET_MDEV_RX_STAT(bytes),
	NET_MDEV_RX_STAT(dropped),
	NET_MDEV_RX_STAT(errors),
	NET_MDEV_RX_STAT(deferred),
	NET_MDEV_RX_STAT(xdp_drops),
	NET_MDEV_RX_STAT(xdp_tx),
	NET_MDEV_RX_STAT(xdp_redirects),
	NET_MDEV_RX_STAT(xdp_errors),
	NET_MDEV_RX_STAT(xdp_skbs),
	NET_MDEV_TX_STAT(packets),
	NET_MDEV_TX_STAT(bytes),
	NET_MDEV_TX_STAT(dropped),
	NET_MDEV_TX_STAT(errors),
	NET_MDEV_TX_STAT(deferred),
	NET_MDEV_TX_STAT(stalls),
	NET_MDEV_TX_STAT(late_signals),
	NET_MDEV_TX_STAT(xdp_packets),
	NET_MDEV_TX_STAT(xdp_drops),
};

static int net_mdev_get_sset_count(struct net_device *dev, int sset)
{
	if (sset != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return ARRAY_SIZE(net_mdev_stats) * dev->num_tx_queues;
}

static void net_mdev_get_strings(struct net_device *dev, u32 sset, u8 *data)
{
	unsigned int i, k;

	if (sset != ETH_SS_STATS)
		return;
	for (i = 0; i < dev->num_tx_queues; i++)
		for (k = 0; k < ARRAY_SIZE(net_mdev_stats); k++)
			ethtool_sprintf(&data, net_mdev_stats[k].name, i);
}

static void net_mdev_get_ethtool_stats(struct net_device *dev,
				       struct ethtool_stats *stats, u64 *data)
{
	const struct net_mdev *nm = dev_to_net_mdev(dev);
	unsigned int i, k;

	for (i = 0; i < dev->num_tx_queues; i++) {
		for (k = 0; k < ARRAY_SIZE(net_mdev_stats); k++) {
			const struct net_mdev_pair *pair = &nm->pairs[i];
			const void *count = net_mdev_stats[k].tx ?
					    &pair->tx.count : &pair->rx.count;

			*data++ = READ_ONCE(*(const u64 *)(count +
						net_mdev_stats[k].offset));
		}
	}
}

const struct ethtool_ops net_mdev_ethtool_ops = {
	.get_drvinfo = net_mdev_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = net_mdev_get_link_ksettings,
	.set_link_ksettings = net_mdev_set_link_ksettings,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_channels = net_mdev_get_channels,
	.get_ringparam = net_mdev_get_ringparam,
	.get_sset_count = net_mdev_get_sset_count,
	.get_strings = net_mdev_get_strings,
	.get_ethtool_stats = net_mdev_get_ethtool_stats,
};
