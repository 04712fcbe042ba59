/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_XDP_H
#define _COMPAT_XDP_H

#ifndef COMPAT_HAVE_XDP_FEATURES
#include <linux/netdevice.h>

/* Nobody asks: what a device can do is seen by the operations that it has. */
#define NETDEV_XDP_ACT_BASIC	BIT(0)
#define NETDEV_XDP_ACT_REDIRECT	BIT(1)
#define NETDEV_XDP_ACT_NDO_XMIT	BIT(2)

static inline void xdp_set_features_flag(struct net_device *dev, u32 features)
{
}
#endif

#ifndef COMPAT_HAVE_XDP_GENERIC_SKB
#include <linux/netdevice.h>

/* The frame stays the same one. */
static inline int compat_do_xdp_generic(struct bpf_prog *prog,
					struct sk_buff **pskb)
{
	return do_xdp_generic(prog, *pskb);
}

#define do_xdp_generic(prog, pskb)	compat_do_xdp_generic(prog, pskb)
#endif

#endif /* _COMPAT_XDP_H */
