/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_ETHERDEVICE_H
#define _SHIM_LINUX_ETHERDEVICE_H

#include <kernel_shim.h>
#include <linux/if_ether.h>

static inline bool is_zero_ether_addr(const u8 *addr)
{
	return !(addr[0] | addr[1] | addr[2] | addr[3] | addr[4] | addr[5]);
}

static inline bool is_valid_ether_addr(const u8 *addr)
{
	return !(addr[0] & 1) && !is_zero_ether_addr(addr);
}

#endif
