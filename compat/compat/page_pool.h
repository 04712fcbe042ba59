/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_PAGE_POOL_H
#define _COMPAT_PAGE_POOL_H

#ifndef COMPAT_HAVE_PAGE_POOL_FRAG
#include <net/page_pool/helpers.h>

static inline struct page_pool *
compat_page_pool_create(const struct page_pool_params *params)
{
	struct page_pool_params with = *params;

	with.flags |= PP_FLAG_PAGE_FRAG;
	return page_pool_create(&with);
}

#define page_pool_create(params)	compat_page_pool_create(params)
#endif

#endif /* _COMPAT_PAGE_POOL_H */
