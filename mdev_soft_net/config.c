// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: the configuration space and what changes it.
 */

#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/etherdevice.h>
#include <linux/lockdep.h>
#include <linux/module.h>

#include "soft_net.h"

/**
 * mdev_soft_net_get_config() - &mdev_soft_desc.get_config
 * @soft: the device
 * @offset: in &struct virtio_net_config
 * @buf: result
 * @len: number of bytes, within it
 *
 * Context: any.
 */
void mdev_soft_net_get_config(struct mdev_soft *soft, unsigned int offset, void *buf,
			      unsigned int len)
{
	struct mdev_soft_net *net = soft_to_net(soft);
	struct virtio_net_config config = { };
	unsigned int seq;
	u32 speed;
	u16 status;

	do {
		seq = read_seqbegin(&net->state_lock);
		ether_addr_copy(config.mac, net->mac);
		status = net->status;
		speed = net->speed;
		config.duplex = net->duplex;
	} while (read_seqretry(&net->state_lock, seq));

	config.status = (__force __virtio16)cpu_to_le16(status);
	config.max_virtqueue_pairs =
		(__force __virtio16)cpu_to_le16(net->max_pairs);
	config.mtu = (__force __virtio16)cpu_to_le16(READ_ONCE(net->driver_mtu));
	if (net->soft.features & BIT_ULL(VIRTIO_NET_F_SPEED_DUPLEX))
		config.speed = cpu_to_le32(speed);
	else
		config.duplex = 0;
	memcpy(buf, (u8 *)&config + offset, len);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_get_config);

/**
 * soft_net_set_mac_locked() - change the device's address
 * @net: the instance, &mdev_soft_net.state_lock held for writing
 * @by: who sets it, which determines how long it lasts
 * @mac: the address
 *
 * Context: any.
 */
void soft_net_set_mac_locked(struct mdev_soft_net *net, enum mdev_soft_net_mac_by by,
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

/**
 * mdev_soft_net_set_config() - &mdev_soft_desc.set_config
 * @soft: the device
 * @offset: in &struct virtio_net_config
 * @buf: what to write
 * @len: number of bytes, within it; those that are not of the address are ignored
 *
 * Drivers of version 1 set the address with the control queue, QEMU with this.
 *
 * Context: process context, serialised by the class driver.
 */
void mdev_soft_net_set_config(struct mdev_soft *soft, unsigned int offset,
			      const void *buf, unsigned int len)
{
	struct mdev_soft_net *net = soft_to_net(soft);
	unsigned long flags;

	if (offset >= ETH_ALEN || !len)
		return;
	len = min_t(unsigned int, len, ETH_ALEN - offset);

	write_seqlock_irqsave(&net->state_lock, flags);
	/* It may be written byte by byte, and be invalid in between. */
	memcpy(net->draft + offset, buf, len);
	if (is_valid_ether_addr(net->draft))
		soft_net_set_mac_locked(net, MDEV_SOFT_NET_MAC_BY_USER, net->draft);
	write_sequnlock_irqrestore(&net->state_lock, flags);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_set_config);

/**
 * mdev_soft_net_get_generation() - &mdev_soft_desc.get_generation
 * @soft: the device
 *
 * Context: any.
 * Return: the generation of the configuration space.
 */
u32 mdev_soft_net_get_generation(struct mdev_soft *soft)
{
	return READ_ONCE(soft_to_net(soft)->generation);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_get_generation);

/**
 * mdev_soft_net_set_mac() - change the device's address
 * @net: the instance
 * @by: who sets it, which determines how long it lasts
 * @mac: the address
 *
 * Context: any.
 */
void mdev_soft_net_set_mac(struct mdev_soft_net *net, enum mdev_soft_net_mac_by by, const u8 *mac)
{
	unsigned long flags;

	write_seqlock_irqsave(&net->state_lock, flags);
	soft_net_set_mac_locked(net, by, mac);
	write_sequnlock_irqrestore(&net->state_lock, flags);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_set_mac);

/**
 * mdev_soft_net_end_mac() - go back to the address that was set to last longer
 * @net: the instance
 * @by: who has set the address that ends, not the administrator; addresses that
 *	last less long end with it
 *
 * Context: any.
 */
void mdev_soft_net_end_mac(struct mdev_soft_net *net, enum mdev_soft_net_mac_by by)
{
	unsigned long flags;

	write_seqlock_irqsave(&net->state_lock, flags);
	net->mac_by &= BIT(by) - 1;
	ether_addr_copy(net->mac, net->macs[__fls(net->mac_by)]);
	ether_addr_copy(net->draft, net->mac);
	net->generation++;
	write_sequnlock_irqrestore(&net->state_lock, flags);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_end_mac);

/**
 * mdev_soft_net_get_mac() - the device's address
 * @net: the instance
 * @mac: result
 *
 * Context: any.
 */
void mdev_soft_net_get_mac(struct mdev_soft_net *net, u8 *mac)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&net->state_lock);
		ether_addr_copy(mac, net->mac);
	} while (read_seqretry(&net->state_lock, seq));
}
EXPORT_SYMBOL_GPL(mdev_soft_net_get_mac);

/**
 * mdev_soft_net_change_status() - change the announcement
 * @net: the instance
 * @clear: VIRTIO_NET_S_* to clear, not the link, see mdev_soft_net_set_link()
 * @set: VIRTIO_NET_S_* to set
 *
 * Context: any.
 * Return: whether that changed anything.
 */
bool mdev_soft_net_change_status(struct mdev_soft_net *net, u16 clear, u16 set)
{
	unsigned long flags;
	bool changed;
	u16 status;

	write_seqlock_irqsave(&net->state_lock, flags);
	status = (net->status & ~clear) | set;
	changed = status != net->status;
	WRITE_ONCE(net->status, status);
	net->generation += changed;
	write_sequnlock_irqrestore(&net->state_lock, flags);
	return changed;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_change_status);

/**
 * mdev_soft_net_set_link() - take the link up or down at one end
 * @net: the device
 * @where: which end
 * @up: whether it is up there
 *
 * The driver is told if that changes VIRTIO_NET_S_LINK_UP.
 *
 * Context: any, interrupts on; calls &mdev_soft_net_ops.link_changed.
 */
void mdev_soft_net_set_link(struct mdev_soft_net *net,
			    enum mdev_soft_net_link where, bool up)
{
	unsigned int down;
	unsigned long flags;
	u16 status;
	bool changed;

	write_seqlock_irqsave(&net->state_lock, flags);
	down = (net->link_down & ~BIT(where)) | (up ? 0 : BIT(where));
	WRITE_ONCE(net->link_down, down);
	status = (net->status & ~VIRTIO_NET_S_LINK_UP) |
		 (down ? 0 : VIRTIO_NET_S_LINK_UP);
	changed = status != net->status;
	WRITE_ONCE(net->status, status);
	net->generation += changed;
	write_sequnlock_irqrestore(&net->state_lock, flags);

	if (!changed)
		return;
	mdev_soft_config_changed(&net->soft);
	if (net->ops->link_changed)
		net->ops->link_changed(net);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_set_link);

/**
 * mdev_soft_net_set_speed() - change what the driver sees as the speed of the link
 * @net: the device
 * @speed: in Mbit/s, or SPEED_UNKNOWN
 * @duplex: DUPLEX_*
 *
 * Context: as that of mdev_soft_config_changed().
 */
void mdev_soft_net_set_speed(struct mdev_soft_net *net, u32 speed, u8 duplex)
{
	unsigned long flags;
	bool changed;

	write_seqlock_irqsave(&net->state_lock, flags);
	changed = net->speed != speed || net->duplex != duplex;
	net->speed = speed;
	net->duplex = duplex;
	net->generation += changed;
	write_sequnlock_irqrestore(&net->state_lock, flags);
	if (changed)
		mdev_soft_config_changed(&net->soft);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_set_speed);
