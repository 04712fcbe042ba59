// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: the network device of an instance.
 */

#include <linux/etherdevice.h>
#include <linux/mdev.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/xdp.h>

#include "net_mdev.h"
#include "xdp.h"

/* What the driver may have negotiated, see net_mdev_fix_features() */
#define NET_MDEV_OFFLOADS	(NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 | \
				 NETIF_F_TSO_ECN | NETIF_F_GSO_UDP_L4)

static int net_mdev_open(struct net_device *dev)
{
	mdev_soft_net_set_link(&dev_to_net_mdev(dev)->net,
			       MDEV_SOFT_NET_LINK_PEER, true);
	netif_tx_start_all_queues(dev);
	return 0;
}

static int net_mdev_stop(struct net_device *dev)
{
	struct net_mdev *nm = dev_to_net_mdev(dev);
	unsigned int i;

	mdev_soft_net_set_link(&nm->net, MDEV_SOFT_NET_LINK_PEER, false);
	for (i = 0; i < nm->net.all_pairs; i++) {
		struct net_mdev_tx *tx = &nm->pairs[i].tx;

		__netif_tx_lock_bh(tx->txq);
		net_mdev_backlog_purge(tx);
		__netif_tx_unlock_bh(tx->txq);
	}
	return 0;
}

static void net_mdev_get_stats64(struct net_device *dev,
				 struct rtnl_link_stats64 *stats)
{
	struct net_mdev *nm = dev_to_net_mdev(dev);
	unsigned int i;

	for (i = 0; i < nm->net.all_pairs; i++) {
		const struct net_mdev_counters *rx = &nm->pairs[i].rx.count;
		const struct net_mdev_counters *tx = &nm->pairs[i].tx.count;

		stats->rx_packets += READ_ONCE(rx->packets);
		stats->rx_bytes += READ_ONCE(rx->bytes);
		stats->rx_dropped += READ_ONCE(rx->dropped);
		stats->rx_errors += READ_ONCE(rx->errors);
		stats->tx_packets += READ_ONCE(tx->packets);
		stats->tx_bytes += READ_ONCE(tx->bytes);
		stats->tx_dropped += READ_ONCE(tx->dropped);
		stats->tx_errors += READ_ONCE(tx->errors);
	}
}

static int net_mdev_change_mtu(struct net_device *dev, int mtu)
{
	mdev_soft_net_set_mtu(&dev_to_net_mdev(dev)->net, mtu);
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

/* A frame goes to the driver as it is, so it must be able to take it like that. */
static netdev_features_t net_mdev_fix_features(struct net_device *dev,
					       netdev_features_t features)
{
	const struct mdev_soft_net *net = &dev_to_net_mdev(dev)->net;

	if (!mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_CSUM))
		features &= ~NET_MDEV_OFFLOADS;
	if (!mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_TSO4))
		features &= ~NETIF_F_TSO;
	if (!mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_TSO6))
		features &= ~NETIF_F_TSO6;
	if (!mdev_soft_net_offload(net, VIRTIO_NET_F_GUEST_ECN))
		features &= ~NETIF_F_TSO_ECN;
	if (!mdev_soft_net_gso_fits(net, VIRTIO_NET_HDR_GSO_UDP_L4))
		features &= ~NETIF_F_GSO_UDP_L4;
	return features;
}

static const struct net_device_ops net_mdev_netdev_ops = {
	.ndo_open = net_mdev_open,
	.ndo_stop = net_mdev_stop,
	.ndo_start_xmit = net_mdev_start_xmit,
	.ndo_select_queue = net_mdev_select_queue,
	.ndo_get_stats64 = net_mdev_get_stats64,
	.ndo_change_mtu = net_mdev_change_mtu,
	.ndo_fix_features = net_mdev_fix_features,
	.ndo_bpf = net_mdev_bpf,
	.ndo_xdp_xmit = net_mdev_xdp_xmit,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static void net_mdev_dev_setup(struct net_mdev *nm)
{
	struct net_device *dev = nm->dev;

	dev->netdev_ops = &net_mdev_netdev_ops;
	dev->ethtool_ops = &net_mdev_ethtool_ops;
	SET_NETDEV_DEV(dev, mdev_dev(nm->net.soft.cdev->mdev));
	dev_net_set(dev, current->nsproxy->net_ns);
	strscpy(dev->name, net_mdev_ifname, sizeof(dev->name));
	eth_hw_addr_random(dev);

	dev->mtu = nm->net.mtu;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = nm->net.max_mtu;
	dev->hw_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_RXCSUM |
			   NET_MDEV_OFFLOADS;
	dev->features = dev->hw_features | NETIF_F_HIGHDMA;
	dev->vlan_features = dev->hw_features;
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_BASIC |
				   NETDEV_XDP_ACT_REDIRECT |
				   NETDEV_XDP_ACT_NDO_XMIT);
	/* A frame may wait in the backlog, so it has to be ours. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	/* netpoll sends with interrupts off, where a driver cannot be signalled. */
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_DISABLE_NETPOLL;
}

/**
 * net_mdev_dev_create() - make the network device
 * @nm: the instance, a software network device already
 *
 * It is created in the network namespace of whoever creates the instance.  It has no
 * rtnl_link_ops, so that it returns to the first namespace when one that it was
 * moved to is deleted: only the removal of the instance removes it.
 *
 * Context: process context; takes the rtnl.
 * Return: 0 or a negative errno.
 */
int net_mdev_dev_create(struct net_mdev *nm)
{
	unsigned int nr = nm->net.all_pairs;
	unsigned int i;
	int ret;

	nm->dev = alloc_etherdev_mqs(sizeof(struct net_mdev_dev), nr, nr);
	if (!nm->dev)
		return -ENOMEM;
	((struct net_mdev_dev *)netdev_priv(nm->dev))->nm = nm;

	ret = -ENOMEM;
	nm->pairs = kvcalloc(nr, sizeof(*nm->pairs), GFP_KERNEL);
	if (!nm->pairs)
		goto err_dev;
	for (i = 0; i < nr; i++)
		net_mdev_pair_init(&nm->pairs[i], nm, i);
	net_mdev_dev_setup(nm);
	netif_carrier_off(nm->dev);
	/* It is down at first. */
	mdev_soft_net_set_link(&nm->net, MDEV_SOFT_NET_LINK_PEER, false);

	/*
	 * All receive queues are there from the start: the driver sends by any pair as
	 * soon as it has switched it on, and the stack warns of a frame of another queue.
	 */
	rtnl_lock();
	ret = netif_set_real_num_tx_queues(nm->dev, 1);
	if (!ret)
		ret = register_netdevice(nm->dev);
	rtnl_unlock();
	if (ret) {
		mdev_class_error(nm->net.soft.cdev, "cannot make the network interface %s: %pe",
				 net_mdev_ifname, ERR_PTR(ret));
		goto err_pairs;
	}

	for (i = 0; i < nr; i++)
		net_mdev_pair_enable(&nm->pairs[i]);
	return 0;

err_pairs:
	cancel_delayed_work_sync(&nm->update);
	/* Deletes the NAPI instances, which are in the pairs */
	free_netdev(nm->dev);
	kvfree(nm->pairs);
	return ret;
err_dev:
	free_netdev(nm->dev);
	return ret;
}

/**
 * net_mdev_dev_destroy() - undo net_mdev_dev_create()
 * @nm: the instance, reset; no class driver is bound
 *
 * Context: process context; takes the rtnl.
 */
void net_mdev_dev_destroy(struct net_mdev *nm)
{
	unsigned int i;

	unregister_netdev(nm->dev);
	/* It was queued once more, by net_mdev_stop(), if the interface was up. */
	cancel_delayed_work_sync(&nm->update);
	for (i = 0; i < nm->net.all_pairs; i++)
		net_mdev_pair_disable(&nm->pairs[i]);
	free_netdev(nm->dev);
	kvfree(nm->pairs);
}
