/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MVNET_FILTER_H
#define _MVNET_FILTER_H

#include <linux/if_ether.h>
#include <linux/types.h>

/* Addresses in each half of the table of the receive filter */
#define MVNET_MAX_MACS		64

/**
 * struct mvnet_macs - half of the table of the receive filter
 * @nr: number of elements of @addr that count
 * @overflow: the driver had more, so all addresses of the kind match
 * @addr: the addresses
 */
struct mvnet_macs {
	unsigned int nr;
	bool overflow;
	u8 addr[MVNET_MAX_MACS][ETH_ALEN] __aligned(2);
};

/**
 * struct mvnet_filter - what is received
 * @promisc: everything; the default, until the driver changes it
 * @allmulti: all multicast
 * @alluni: all unicast
 * @nomulti: no multicast
 * @nouni: no unicast
 * @nobcast: no broadcast
 * @uni: more unicast addresses
 * @multi: multicast addresses
 */
struct mvnet_filter {
	bool promisc;
	bool allmulti;
	bool alluni;
	bool nomulti;
	bool nouni;
	bool nobcast;
	struct mvnet_macs uni;
	struct mvnet_macs multi;
};

#endif /* _MVNET_FILTER_H */
