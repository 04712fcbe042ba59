/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_UNALIGNED_H
#define _SHIM_LINUX_UNALIGNED_H
#include <asm/byteorder.h>
#include <kernel_shim.h>

#define put_unaligned_le32(val, p) do {					\
	__le32 _le = __cpu_to_le32(val);				\
									\
	memcpy(p, &_le, sizeof(_le));					\
} while (0)

#endif
