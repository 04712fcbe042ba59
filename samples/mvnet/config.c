// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: the configuration space and what changes it.
 */

#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/etherdevice.h>
#include <linux/lockdep.h>

#include "mvnet.h"

void mvnet_get_config(struct mdev_soft *soft, unsigned int offset, void *buf,
		      unsigned int len)
{
	struct mvnet *net = soft_to_mvnet(soft);
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
	config.mtu = (__force __virtio16)cpu_to_le16(READ_ONCE(net->driver_mtu));
	memcpy(buf, (u8 *)&config + offset, len);
}

/**
 * mvnet_set_mac_locked() - change the device's address
 * @net: the instance, &mvnet.state_lock held for writing
 * @by: who sets it, which determines how long it lasts
 * @mac: the address
 *
 * Context: any.
 */
void mvnet_set_mac_locked(struct mvnet *net, enum mvnet_mac_by by,
			  const u8 *mac)
{
	lockdep_assert_held(&net->state_lock.lock);
	ether_addr_copy(net->macs[by], mac);
	/* The last address set counts, and replaces those that last less long. */
	net->mac_by = (net->mac_by & (BIT(by) - 1)) | BIT(by);
	ether_addr_copy(net->mac, mac);
	ether_addr_copy(net->draft, mac);
	net->generation++;
}

/* Drivers of version 1 set the address with the control queue, QEMU with this. */
void mvnet_set_config(struct mdev_soft *soft, unsigned int offset,
		      const void *buf, unsigned int len)
{
	struct mvnet *net = soft_to_mvnet(soft);
	unsigned long flags;

	if (offset >= ETH_ALEN || !len)
		return;
	len = min_t(unsigned int, len, ETH_ALEN - offset);

	write_seqlock_irqsave(&net->state_lock, flags);
	/* It may be written byte by byte, and be invalid in between. */
	memcpy(net->draft + offset, buf, len);
	if (is_valid_ether_addr(net->draft))
		mvnet_set_mac_locked(net, MVNET_MAC_BY_USER, net->draft);
	write_sequnlock_irqrestore(&net->state_lock, flags);
}

u32 mvnet_get_generation(struct mdev_soft *soft)
{
	return READ_ONCE(soft_to_mvnet(soft)->generation);
}

/**
 * mvnet_set_mac() - change the device's address
 * @net: the instance
 * @by: who sets it, which determines how long it lasts
 * @mac: the address
 *
 * Context: any.
 */
void mvnet_set_mac(struct mvnet *net, enum mvnet_mac_by by, const u8 *mac)
{
	unsigned long flags;

	write_seqlock_irqsave(&net->state_lock, flags);
	mvnet_set_mac_locked(net, by, mac);
	write_sequnlock_irqrestore(&net->state_lock, flags);
}

/**
 * mvnet_end_mac() - go back to the address that was set to last longer
 * @net: the instance
 * @by: who has set the address that ends, not the administrator; addresses that
 *	last less long end with it
 *
 * Context: any.
 */
void mvnet_end_mac(struct mvnet *net, enum mvnet_mac_by by)
{
	unsigned long flags;

	write_seqlock_irqsave(&net->state_lock, flags);
	net->mac_by &= BIT(by) - 1;
	ether_addr_copy(net->mac, net->macs[__fls(net->mac_by)]);
	ether_addr_copy(net->draft, net->mac);
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
 * @clear: VIRTIO_NET_S_* to clear
 * @set: VIRTIO_NET_S_* to set
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
