// SPDX-License-Identifier: GPL-2.0-only
/* A network device says what XDP can do with it. */
#include <linux/netdevice.h>
#include <net/xdp.h>

void set(struct net_device *dev)
{
	xdp_set_features_flag(dev, NETDEV_XDP_ACT_NDO_XMIT);
}
