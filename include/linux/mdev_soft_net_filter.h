/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MDEV_SOFT_NET_FILTER_H
#define _LINUX_MDEV_SOFT_NET_FILTER_H

#include <linux/if_ether.h>
#include <linux/types.h>

/* Addresses in each half of the table of the receive filter */
#define MDEV_SOFT_NET_MAX_MACS		64

/* VLANs that there are, and how many words have a bit for each */
#define MDEV_SOFT_NET_NR_VLANS		4096
#define MDEV_SOFT_NET_VLAN_WORDS	(MDEV_SOFT_NET_NR_VLANS / 64)

/**
 * struct mdev_soft_net_macs - half of the table of the receive filter
 * @nr: number of elements of @addr that count
 * @overflow: the driver had more, so all addresses of the kind match
 * @addr: the addresses
 */
struct mdev_soft_net_macs {
	unsigned int nr;
	bool overflow;
	u8 addr[MDEV_SOFT_NET_MAX_MACS][ETH_ALEN] __aligned(2);
};

/**
 * struct mdev_soft_net_filter - what is received
 * @promisc: everything; the default, until the driver changes it
 * @allmulti: all multicast
 * @alluni: all unicast
 * @nomulti: no multicast
 * @nouni: no unicast
 * @nobcast: no broadcast
 * @uni: more unicast addresses
 * @multi: multicast addresses
 * @vlans: a bit for each VLAN that is received, if the driver filters VLANs
 */
struct mdev_soft_net_filter {
	bool promisc;
	bool allmulti;
	bool alluni;
	bool nomulti;
	bool nouni;
	bool nobcast;
	struct mdev_soft_net_macs uni;
	struct mdev_soft_net_macs multi;
	u64 vlans[MDEV_SOFT_NET_VLAN_WORDS];
};

#endif /* _LINUX_MDEV_SOFT_NET_FILTER_H */
