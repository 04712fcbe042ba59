// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: taking the state of an instance along to another host.
 *
 * What the driver has set goes along, and so does what the specification forbids to
 * change under it: the MTU.  Link and polling time are the administrator's at either
 * host.  So is the address, but a driver does not expect another one: it lasts at the
 * new host as if the user of the device had set it.
 */

#include <linux/bits.h>
#include <linux/etherdevice.h>
#include <linux/lockdep.h>
#include <linux/mdev_state.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "soft_net.h"

static void soft_net_save_pairs(const struct mdev_soft_net *net,
				struct soft_net_saved *saved)
{
	unsigned int i;

	/* Those in use come first, then those that were, see soft_net_pairs_set(). */
	for (i = 0; i < net->max_pairs; i++) {
		saved->pairs_on += net->pair_state[i] == MDEV_SOFT_NET_PAIR_ON;
		saved->pairs_used += net->pair_state[i] != MDEV_SOFT_NET_PAIR_UNUSED;
	}
}

static void soft_net_save_macs(const struct mdev_soft_net *net,
			       struct soft_net_saved *saved)
{
	enum mdev_soft_net_mac_by by = MDEV_SOFT_NET_MAC_BY_ADMIN;

	lockdep_assert_held(&net->state_lock.lock);
	saved->mac_by_user = net->mac_by & BIT(MDEV_SOFT_NET_MAC_BY_USER);
	if (saved->mac_by_user)
		by = MDEV_SOFT_NET_MAC_BY_USER;
	ether_addr_copy(saved->mac, net->macs[by]);
	saved->has_driver_mac = net->mac_by & BIT(MDEV_SOFT_NET_MAC_BY_DRIVER);
	if (saved->has_driver_mac)
		ether_addr_copy(saved->driver_mac,
				net->macs[MDEV_SOFT_NET_MAC_BY_DRIVER]);
	ether_addr_copy(saved->draft, net->draft);
}

/**
 * mdev_soft_net_save() - &mdev_soft_desc.save
 * @soft: the instance
 * @w: where to
 *
 * Context: process context, serialised by the class driver; the device is suspended
 * or not live, so no command is half done.
 * Return: 0 or -ENOMEM.
 */
int mdev_soft_net_save(struct mdev_soft *soft, struct mdev_state_writer *w)
{
	struct mdev_soft_net *net = soft_to_net(soft);
	struct soft_net_saved *saved;

	saved = kzalloc(sizeof(*saved), GFP_KERNEL);
	if (!saved)
		return -ENOMEM;
	soft_net_save_pairs(net, saved);
	read_seqlock_excl_irq(&net->state_lock);
	soft_net_save_macs(net, saved);
	saved->mtu = READ_ONCE(net->driver_mtu);
	saved->filter = net->filter;
	saved->offloads_off = READ_ONCE(net->offloads_off);
	read_sequnlock_excl_irq(&net->state_lock);

	soft_net_saved_write(w, saved);
	kfree(saved);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_save);

static void soft_net_load_pairs(struct mdev_soft_net *net,
				const struct soft_net_saved *saved)
{
	unsigned int i;

	for (i = 0; i < saved->pairs_used; i++)
		net->pair_state[i] = i < saved->pairs_on ? MDEV_SOFT_NET_PAIR_ON :
							   MDEV_SOFT_NET_PAIR_OFF;
}

static void soft_net_load_macs(struct mdev_soft_net *net,
			       const struct soft_net_saved *saved)
{
	lockdep_assert_held(&net->state_lock.lock);
	if (saved->mac_by_user || !ether_addr_equal(saved->mac, net->mac))
		soft_net_set_mac_locked(net, MDEV_SOFT_NET_MAC_BY_USER, saved->mac);
	if (saved->has_driver_mac)
		soft_net_set_mac_locked(net, MDEV_SOFT_NET_MAC_BY_DRIVER,
					saved->driver_mac);
	ether_addr_copy(net->draft, saved->draft);
}

/*
 * Switches still send the driver's frames to the host that it has left, until they see
 * one from it here.
 */
static void soft_net_load_announce(struct mdev_soft_net *net)
{
	if (!mdev_soft_net_has(net, VIRTIO_NET_F_GUEST_ANNOUNCE))
		return;
	mdev_soft_net_change_status(net, 0, VIRTIO_NET_S_ANNOUNCE);
	mdev_soft_config_changed(&net->soft);
}

/**
 * mdev_soft_net_load() - &mdev_soft_desc.load
 * @soft: the instance
 * @r: what mdev_soft_net_save() has written at another host; hostile
 *
 * Context: process context, serialised by the class driver; the device is reset and
 * has its features.
 * Return: 0; -EINVAL and nothing has changed; -ENOMEM.
 */
int mdev_soft_net_load(struct mdev_soft *soft, struct mdev_state_reader *r)
{
	struct mdev_soft_net *net = soft_to_net(soft);
	struct soft_net_saved *saved;
	int ret;

	saved = kzalloc(sizeof(*saved), GFP_KERNEL);
	if (!saved)
		return -ENOMEM;
	ret = soft_net_saved_read(r, mdev_soft_net_nr_pairs(net), net->max_mtu,
				  saved);
	if (!ret && saved->offloads_off & ~soft_net_offloads(net))
		ret = -EINVAL;
	if (ret)
		goto out;

	/* A user may load more than once before the device goes live. */
	soft_net_pairs_reset(net);
	soft_net_load_pairs(net, saved);
	mdev_soft_net_end_mac(net, MDEV_SOFT_NET_MAC_BY_DRIVER);
	write_seqlock_irq(&net->state_lock);
	soft_net_load_macs(net, saved);
	net->filter = saved->filter;
	write_sequnlock_irq(&net->state_lock);
	WRITE_ONCE(net->driver_mtu, saved->mtu);
	WRITE_ONCE(net->offloads_off, saved->offloads_off);
	if (net->ops->offloads_changed)
		net->ops->offloads_changed(net);
	soft_net_load_announce(net);
out:
	kfree(saved);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_load);
