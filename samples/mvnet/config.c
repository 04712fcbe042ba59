// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the configuration space and what changes it.
 */

#include <linux/etherdevice.h>

#include "mvnet.h"

/**
 * mvnet_config_changed() - tell the driver to read configuration and status
 * @net: the instance
 *
 * Context: process or softirq context with interrupts on.
 */
void mvnet_config_changed(struct mvnet *net)
{
	spin_lock_bh(&net->cb_lock);
	if (net->config_cb.callback)
		net->config_cb.callback(net->config_cb.private);
	spin_unlock_bh(&net->cb_lock);
}

void mvnet_set_config_cb(struct mdev_class_device *cdev,
			 const struct virtio_mdev_callback *cb)
{
	static const struct virtio_mdev_callback none;
	struct mvnet *net = to_mvnet(cdev);

	spin_lock_bh(&net->cb_lock);
	net->config_cb = cb ? *cb : none;
	spin_unlock_bh(&net->cb_lock);
}

void mvnet_get_config(struct mdev_class_device *cdev, unsigned int offset,
		      void *buf, unsigned int len)
{
	struct mvnet *net = to_mvnet(cdev);
	struct virtio_net_config config = { };
	unsigned int seq;
	u16 status;

	do {
		seq = read_seqbegin(&net->state_lock);
		ether_addr_copy(config.mac, net->mac);
		status = net->net_status;
	} while (read_seqretry(&net->state_lock, seq));

	config.status = (__force __virtio16)cpu_to_le16(status);
	config.max_virtqueue_pairs =
		(__force __virtio16)cpu_to_le16(net->max_pairs);
	config.mtu = (__force __virtio16)cpu_to_le16(mvnet_mtu);
	memcpy(buf, (u8 *)&config + offset, len);
}

/* A driver of version 1 sets the address by the control queue; QEMU by this. */
void mvnet_set_config(struct mdev_class_device *cdev, unsigned int offset,
		      const void *buf, unsigned int len)
{
	struct mvnet *net = to_mvnet(cdev);
	unsigned long flags;
	u8 mac[ETH_ALEN] __aligned(2);

	if (offset >= ETH_ALEN || !len)
		return;
	len = min_t(unsigned int, len, ETH_ALEN - offset);

	write_seqlock_irqsave(&net->state_lock, flags);
	ether_addr_copy(mac, net->mac);
	memcpy(mac + offset, buf, len);
	if (is_valid_ether_addr(mac)) {
		ether_addr_copy(net->mac, mac);
		net->generation++;
	}
	write_sequnlock_irqrestore(&net->state_lock, flags);
}

u32 mvnet_get_generation(struct mdev_class_device *cdev)
{
	return READ_ONCE(to_mvnet(cdev)->generation);
}

/**
 * mvnet_set_mac() - change the device's address
 * @net: the instance
 * @mac: the address
 *
 * Context: any.
 */
void mvnet_set_mac(struct mvnet *net, const u8 *mac)
{
	unsigned long flags;

	write_seqlock_irqsave(&net->state_lock, flags);
	ether_addr_copy(net->mac, mac);
	net->generation++;
	write_sequnlock_irqrestore(&net->state_lock, flags);
}

/**
 * mvnet_get_mac() - the device's address
 * @net: the instance
 * @mac: result
 *
 * Context: any.
 */
void mvnet_get_mac(struct mvnet *net, u8 *mac)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&net->state_lock);
		ether_addr_copy(mac, net->mac);
	} while (read_seqretry(&net->state_lock, seq));
}

/**
 * mvnet_change_net_status() - change link or announcement
 * @net: the instance
 * @clear: VIRTIO_NET_S_* that shall not be set
 * @set: VIRTIO_NET_S_* that shall be
 *
 * Context: any.
 * Return: whether that changed anything.
 */
bool mvnet_change_net_status(struct mvnet *net, u16 clear, u16 set)
{
	unsigned long flags;
	bool changed;
	u16 status;

	write_seqlock_irqsave(&net->state_lock, flags);
	status = (net->net_status & ~clear) | set;
	changed = status != net->net_status;
	WRITE_ONCE(net->net_status, status);
	net->generation += changed;
	write_sequnlock_irqrestore(&net->state_lock, flags);
	return changed;
}
