/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_FALLBACK_UNALIGNED_H
#define _COMPAT_FALLBACK_UNALIGNED_H

#include <asm/unaligned.h>

#endif /* _COMPAT_FALLBACK_UNALIGNED_H */
