// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: how what is saved of an instance is written, and read
 * again.  The format is in docs/migration.md.  A new version adds fields at the end.
 *
 * This file also builds in userspace, to be tested with hostile input.
 */

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/etherdevice.h>
#include <linux/mdev_state.h>

#include "saved.h"

/* Bits of the first byte */
#define SOFT_NET_SAVED_MAC_BY_USER		BIT(0)
#define SOFT_NET_SAVED_DRIVER_MAC		BIT(1)
#define SOFT_NET_SAVED_FLAGS		GENMASK(1, 0)

/* The receive modes */
#define SOFT_NET_SAVED_PROMISC		BIT(0)
#define SOFT_NET_SAVED_ALLMULTI		BIT(1)
#define SOFT_NET_SAVED_ALLUNI		BIT(2)
#define SOFT_NET_SAVED_NOMULTI		BIT(3)
#define SOFT_NET_SAVED_NOUNI		BIT(4)
#define SOFT_NET_SAVED_NOBCAST		BIT(5)
#define SOFT_NET_SAVED_MODES		GENMASK(5, 0)

/* In place of the number of addresses: there were too many, so all match. */
#define SOFT_NET_SAVED_OVERFLOW		0xffff

static u8 soft_net_saved_modes(const struct mdev_soft_net_filter *f)
{
	return (f->promisc ? SOFT_NET_SAVED_PROMISC : 0) |
	       (f->allmulti ? SOFT_NET_SAVED_ALLMULTI : 0) |
	       (f->alluni ? SOFT_NET_SAVED_ALLUNI : 0) |
	       (f->nomulti ? SOFT_NET_SAVED_NOMULTI : 0) |
	       (f->nouni ? SOFT_NET_SAVED_NOUNI : 0) |
	       (f->nobcast ? SOFT_NET_SAVED_NOBCAST : 0);
}

static void soft_net_saved_write_macs(struct mdev_state_writer *w,
				      const struct mdev_soft_net_macs *macs)
{
	if (macs->overflow) {
		mdev_state_put16(w, SOFT_NET_SAVED_OVERFLOW);
		return;
	}
	mdev_state_put16(w, macs->nr);
	mdev_state_put(w, macs->addr, macs->nr * ETH_ALEN);
}

static void soft_net_saved_write_vlans(struct mdev_state_writer *w,
				       const struct mdev_soft_net_filter *f)
{
	unsigned int i;
	u64 any = 0;

	for (i = 0; i < MDEV_SOFT_NET_VLAN_WORDS; i++)
		any |= f->vlans[i];
	mdev_state_put16(w, any ? MDEV_SOFT_NET_VLAN_WORDS : 0);
	for (i = 0; any && i < MDEV_SOFT_NET_VLAN_WORDS; i++)
		mdev_state_put64(w, f->vlans[i]);
}

/**
 * soft_net_saved_write() - append what is saved to a stream
 * @w: the stream, a section open
 * @saved: what to write
 *
 * Context: any.
 */
void soft_net_saved_write(struct mdev_state_writer *w,
			  const struct soft_net_saved *saved)
{
	mdev_state_put8(w, (saved->mac_by_user ? SOFT_NET_SAVED_MAC_BY_USER : 0) |
			   (saved->has_driver_mac ? SOFT_NET_SAVED_DRIVER_MAC : 0));
	mdev_state_put8(w, soft_net_saved_modes(&saved->filter));
	mdev_state_put(w, saved->mac, ETH_ALEN);
	mdev_state_put(w, saved->driver_mac, ETH_ALEN);
	mdev_state_put(w, saved->draft, ETH_ALEN);
	mdev_state_put16(w, saved->mtu);
	mdev_state_put16(w, saved->pairs_on);
	mdev_state_put16(w, saved->pairs_used);
	soft_net_saved_write_macs(w, &saved->filter.uni);
	soft_net_saved_write_macs(w, &saved->filter.multi);
	mdev_state_put64(w, saved->offloads_off);
	soft_net_saved_write_vlans(w, &saved->filter);
}

static int soft_net_saved_read_macs(struct mdev_state_reader *r,
				    struct mdev_soft_net_macs *macs)
{
	u16 nr = mdev_state_get16(r);

	macs->overflow = nr == SOFT_NET_SAVED_OVERFLOW;
	macs->nr = macs->overflow ? 0 : nr;
	if (macs->nr > MDEV_SOFT_NET_MAX_MACS)
		return -EINVAL;
	/* A driver may put any address into its table. */
	mdev_state_get(r, macs->addr, macs->nr * ETH_ALEN);
	return r->bad ? -EINVAL : 0;
}

static int soft_net_saved_read_filter(struct mdev_state_reader *r, u8 modes,
				      struct mdev_soft_net_filter *f)
{
	if (modes & ~SOFT_NET_SAVED_MODES)
		return -EINVAL;
	f->promisc = modes & SOFT_NET_SAVED_PROMISC;
	f->allmulti = modes & SOFT_NET_SAVED_ALLMULTI;
	f->alluni = modes & SOFT_NET_SAVED_ALLUNI;
	f->nomulti = modes & SOFT_NET_SAVED_NOMULTI;
	f->nouni = modes & SOFT_NET_SAVED_NOUNI;
	f->nobcast = modes & SOFT_NET_SAVED_NOBCAST;
	return soft_net_saved_read_macs(r, &f->uni) ?:
	       soft_net_saved_read_macs(r, &f->multi);
}

/* What the first version has not.  It had nothing switched off, and no VLANs. */
static int soft_net_saved_read_more(struct mdev_state_reader *r,
				    struct soft_net_saved *saved)
{
	unsigned int i;
	u16 words;

	saved->offloads_off = 0;
	memset(saved->filter.vlans, 0, sizeof(saved->filter.vlans));
	if (!r->len)
		return 0;
	saved->offloads_off = mdev_state_get64(r);
	words = mdev_state_get16(r);
	if (words && words != MDEV_SOFT_NET_VLAN_WORDS)
		return -EINVAL;
	for (i = 0; i < words; i++)
		saved->filter.vlans[i] = mdev_state_get64(r);
	return r->bad ? -EINVAL : 0;
}

/**
 * soft_net_saved_read() - read what soft_net_saved_write() has written, and check it
 * @r: its content, hostile
 * @max_pairs: how many queue pairs may have been in use
 * @max_mtu: the largest MTU
 * @saved: result; undefined after an error
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int soft_net_saved_read(struct mdev_state_reader *r, unsigned int max_pairs,
			unsigned int max_mtu, struct soft_net_saved *saved)
{
	u8 flags = mdev_state_get8(r);
	u8 modes = mdev_state_get8(r);

	mdev_state_get(r, saved->mac, ETH_ALEN);
	mdev_state_get(r, saved->driver_mac, ETH_ALEN);
	/* It may be any, because only some of its bytes may have been written. */
	mdev_state_get(r, saved->draft, ETH_ALEN);
	saved->mtu = mdev_state_get16(r);
	saved->pairs_on = mdev_state_get16(r);
	saved->pairs_used = mdev_state_get16(r);
	if (r->bad || flags & ~SOFT_NET_SAVED_FLAGS)
		return -EINVAL;

	saved->mac_by_user = flags & SOFT_NET_SAVED_MAC_BY_USER;
	saved->has_driver_mac = flags & SOFT_NET_SAVED_DRIVER_MAC;
	if (!is_valid_ether_addr(saved->mac))
		return -EINVAL;
	if (saved->has_driver_mac ? !is_valid_ether_addr(saved->driver_mac) :
				    !is_zero_ether_addr(saved->driver_mac))
		return -EINVAL;
	if (saved->mtu < ETH_MIN_MTU || saved->mtu > max_mtu)
		return -EINVAL;
	/* The first pair is always in use. */
	if (!saved->pairs_on || saved->pairs_on > saved->pairs_used ||
	    saved->pairs_used > max_pairs)
		return -EINVAL;
	return soft_net_saved_read_filter(r, modes, &saved->filter) ?:
	       soft_net_saved_read_more(r, saved);
}
