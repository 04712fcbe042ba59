// SPDX-License-Identifier: GPL-2.0-only
/* do_xdp_generic() may replace the frame. */
#include <linux/netdevice.h>

int run(struct bpf_prog *prog, struct sk_buff **skb)
{
	return do_xdp_generic(prog, skb);
}
