/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * This folder is searched after the kernel's own include folders: what is here
 * is a header that an older kernel has not.
 */
#ifndef _COMPAT_FALLBACK_HEX_H
#define _COMPAT_FALLBACK_HEX_H

#include <linux/kernel.h>

#endif /* _COMPAT_FALLBACK_HEX_H */
