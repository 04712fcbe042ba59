/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_FALLBACK_PAGE_POOL_H
#define _COMPAT_FALLBACK_PAGE_POOL_H

#include <net/page_pool.h>

#endif /* _COMPAT_FALLBACK_PAGE_POOL_H */
