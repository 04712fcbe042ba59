/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SOFT_NET_H
#define _SOFT_NET_H

#include <linux/mdev_soft_net.h>

#include "saved.h"

/* The offloads that the driver may switch: those that it has negotiated */
static inline u64 soft_net_offloads(const struct mdev_soft_net *net)
{
	return net->soft.driver_features & MDEV_SOFT_NET_OFFLOADS;
}

/* device.c */
int soft_net_set_pairs(struct mdev_soft_net *net, unsigned int pairs);

/* ctrl.c */
void soft_net_ctrl_init(struct mdev_soft_net *net);
void soft_net_ctrl_reset(struct mdev_soft_net *net);
void soft_net_pairs_reset(struct mdev_soft_net *net);

/* filter.c */
void soft_net_filter_reset(struct mdev_soft_net *net);

/* config.c */
void soft_net_set_mac_locked(struct mdev_soft_net *net,
			     enum mdev_soft_net_mac_by by, const u8 *mac);

#endif /* _SOFT_NET_H */
