// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: the receive filter.
 */

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/module.h>

#include "soft_net.h"

static bool soft_net_macs_match(const struct mdev_soft_net_macs *macs, const u8 *addr)
{
	/* May change under us, but mdev_soft_net_accepts() will notice and retry. */
	unsigned int nr = min_t(unsigned int, READ_ONCE(macs->nr),
				MDEV_SOFT_NET_MAX_MACS);
	unsigned int i;

	if (macs->overflow)
		return true;
	for (i = 0; i < nr; i++) {
		if (ether_addr_equal(macs->addr[i], addr))
			return true;
	}
	return false;
}

static bool soft_net_filter_match(const struct mdev_soft_net *net, const u8 *dest)
{
	const struct mdev_soft_net_filter *f = &net->filter;

	if (f->promisc)
		return true;
	if (is_broadcast_ether_addr(dest))
		return !f->nobcast;
	if (is_multicast_ether_addr(dest))
		return !f->nomulti &&
		       (f->allmulti || soft_net_macs_match(&f->multi, dest));
	return !f->nouni &&
	       (f->alluni || ether_addr_equal(dest, net->mac) ||
		soft_net_macs_match(&f->uni, dest));
}

/**
 * mdev_soft_net_accepts() - the receive filter
 * @net: the instance
 * @dest: destination of a frame
 *
 * Context: any.
 * Return: whether the frame is for this device.
 */
bool mdev_soft_net_accepts(struct mdev_soft_net *net, const u8 *dest)
{
	unsigned int seq;
	bool match;

	do {
		seq = read_seqbegin(&net->state_lock);
		match = soft_net_filter_match(net, dest);
	} while (read_seqretry(&net->state_lock, seq));
	return match;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_accepts);

/**
 * mdev_soft_net_accepts_vlan() - the filter of VLANs
 * @net: the device
 * @vid: VLAN id in the tag of a frame that mdev_soft_net_accepts(), of type 802.1Q
 *
 * Id 0 is a priority and no VLAN.  As with other cards, a promiscuous driver receives
 * all VLANs; the kernel's bridge depends on that.
 *
 * Context: any.
 * Return: whether the driver wants it.
 */
bool mdev_soft_net_accepts_vlan(const struct mdev_soft_net *net, u16 vid)
{
	const struct mdev_soft_net_filter *f = &net->filter;

	vid &= VLAN_VID_MASK;
	return !vid || !mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_VLAN) ||
	       READ_ONCE(f->promisc) ||
	       READ_ONCE(f->vlans[vid / 64]) & BIT_ULL(vid % 64);
}
EXPORT_SYMBOL_GPL(mdev_soft_net_accepts_vlan);

/**
 * soft_net_filter_reset() - receive everything, as after a reset
 * @net: the instance
 */
void soft_net_filter_reset(struct mdev_soft_net *net)
{
	unsigned long flags;

	write_seqlock_irqsave(&net->state_lock, flags);
	memset(&net->filter, 0, sizeof(net->filter));
	net->filter.promisc = true;
	write_sequnlock_irqrestore(&net->state_lock, flags);
}
