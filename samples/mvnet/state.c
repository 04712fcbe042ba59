// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: taking the state of an instance along to another host.
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
#include <linux/slab.h>

#include "mvnet.h"

static void mvnet_save_pairs(const struct mvnet *net, struct mvnet_saved *saved)
{
	unsigned int i;

	/* Those in use come first, then those that were, see mvnet_pairs_set(). */
	for (i = 0; i < net->max_pairs; i++) {
		saved->pairs_on += net->pairs[i].state == MVNET_PAIR_ON;
		saved->pairs_used += net->pairs[i].state != MVNET_PAIR_UNUSED;
	}
}

static void mvnet_save_macs(const struct mvnet *net, struct mvnet_saved *saved)
{
	enum mvnet_mac_by by = MVNET_MAC_BY_ADMIN;

	lockdep_assert_held(&net->state_lock.lock);
	saved->mac_by_user = net->mac_by & BIT(MVNET_MAC_BY_USER);
	if (saved->mac_by_user)
		by = MVNET_MAC_BY_USER;
	ether_addr_copy(saved->mac, net->macs[by]);
	saved->has_driver_mac = net->mac_by & BIT(MVNET_MAC_BY_DRIVER);
	if (saved->has_driver_mac)
		ether_addr_copy(saved->driver_mac,
				net->macs[MVNET_MAC_BY_DRIVER]);
	ether_addr_copy(saved->draft, net->draft);
}

/**
 * mvnet_save() - &mdev_soft_desc.save
 * @soft: the instance
 * @w: where to
 *
 * Context: process context, serialised by the class driver; the device is suspended
 * or not live, so no command is half done.
 * Return: 0 or -ENOMEM.
 */
int mvnet_save(struct mdev_soft *soft, struct mdev_state_writer *w)
{
	struct mvnet *net = soft_to_mvnet(soft);
	struct mvnet_saved *saved;

	saved = kzalloc(sizeof(*saved), GFP_KERNEL);
	if (!saved)
		return -ENOMEM;
	mvnet_save_pairs(net, saved);
	read_seqlock_excl_irq(&net->state_lock);
	mvnet_save_macs(net, saved);
	saved->mtu = READ_ONCE(net->driver_mtu);
	saved->filter = net->filter;
	read_sequnlock_excl_irq(&net->state_lock);

	mvnet_saved_write(w, saved);
	kfree(saved);
	return 0;
}

static void mvnet_load_pairs(struct mvnet *net, const struct mvnet_saved *saved)
{
	unsigned int i;

	for (i = 0; i < saved->pairs_used; i++)
		net->pairs[i].state = i < saved->pairs_on ? MVNET_PAIR_ON :
							    MVNET_PAIR_OFF;
}

static void mvnet_load_macs(struct mvnet *net, const struct mvnet_saved *saved)
{
	lockdep_assert_held(&net->state_lock.lock);
	if (saved->mac_by_user || !ether_addr_equal(saved->mac, net->mac))
		mvnet_set_mac_locked(net, MVNET_MAC_BY_USER, saved->mac);
	if (saved->has_driver_mac)
		mvnet_set_mac_locked(net, MVNET_MAC_BY_DRIVER,
				     saved->driver_mac);
	ether_addr_copy(net->draft, saved->draft);
}

/*
 * Switches still send the driver's frames to the host that it has left, until they see
 * one from it here.
 */
static void mvnet_load_announce(struct mvnet *net)
{
	if (!mvnet_has(net, VIRTIO_NET_F_GUEST_ANNOUNCE))
		return;
	mvnet_change_net_status(net, 0, VIRTIO_NET_S_ANNOUNCE);
	mdev_soft_config_changed(&net->soft);
}

/**
 * mvnet_load() - &mdev_soft_desc.load
 * @soft: the instance
 * @r: what mvnet_save() has written at another host; hostile
 *
 * Context: process context, serialised by the class driver; the device is reset and
 * has its features.
 * Return: 0; -EINVAL and nothing has changed; -ENOMEM.
 */
int mvnet_load(struct mdev_soft *soft, struct mdev_state_reader *r)
{
	struct mvnet *net = soft_to_mvnet(soft);
	struct mvnet_saved *saved;
	int ret;

	saved = kzalloc(sizeof(*saved), GFP_KERNEL);
	if (!saved)
		return -ENOMEM;
	ret = mvnet_saved_read(r, mvnet_nr_pairs(net), saved);
	if (ret)
		goto out;

	/* A user may load more than once before the device goes live. */
	mvnet_pairs_reset(net);
	mvnet_load_pairs(net, saved);
	mvnet_end_mac(net, MVNET_MAC_BY_DRIVER);
	write_seqlock_irq(&net->state_lock);
	mvnet_load_macs(net, saved);
	net->filter = saved->filter;
	write_sequnlock_irq(&net->state_lock);
	WRITE_ONCE(net->driver_mtu, saved->mtu);
	mvnet_load_announce(net);
out:
	kfree(saved);
	return ret;
}
