/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Software network devices: what is saved of an instance, and how it is written.
 */
#ifndef _SOFT_NET_SAVED_H
#define _SOFT_NET_SAVED_H

#include <linux/if_ether.h>
#include <linux/types.h>

#include <linux/mdev_soft_net_filter.h>

struct mdev_state_reader;
struct mdev_state_writer;

/**
 * struct soft_net_saved - what a driver has set, and may not change under it
 * @mac: the address that lasts beyond a reset
 * @mac_by_user: a write to the configuration space has set @mac
 * @driver_mac: the address that the control queue has set
 * @has_driver_mac: it has set one
 * @draft: an address that is being written to the configuration space
 * @mtu: what the driver was told
 * @pairs_on: queue pairs that are in use, the first ones
 * @pairs_used: queue pairs that have been in use, with those; the others were never
 * @filter: receive filter
 * @offloads_off: offloads that were negotiated and switched off, by feature bit
 */
struct soft_net_saved {
	u8 mac[ETH_ALEN] __aligned(2);
	bool mac_by_user;
	u8 driver_mac[ETH_ALEN] __aligned(2);
	bool has_driver_mac;
	u8 draft[ETH_ALEN] __aligned(2);
	u16 mtu;
	u16 pairs_on;
	u16 pairs_used;
	struct mdev_soft_net_filter filter;
	u64 offloads_off;
};

void soft_net_saved_write(struct mdev_state_writer *w,
			  const struct soft_net_saved *saved);
int soft_net_saved_read(struct mdev_state_reader *r, unsigned int max_pairs,
			unsigned int max_mtu, struct soft_net_saved *saved);

#endif /* _SOFT_NET_SAVED_H */
