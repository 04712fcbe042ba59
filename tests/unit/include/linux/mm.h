/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <kernel_shim.h>

/* Pages have no structures, and nobody hands them on. */
struct page;

#define virt_to_page(p)			((struct page *)(p))
#define get_page(page)			((void)(page))
#define put_page(page)			((void)(page))
#define PageDirty(page)			((void)(page), true)
#define set_page_dirty_lock(page)	((void)(page))

#endif
