/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holds: driver memory that a device has handed on to somebody else.
 */
#ifndef _LINUX_MDEV_MEM_HOLD_H
#define _LINUX_MDEV_MEM_HOLD_H

#include <linux/mm.h>

#include <linux/mdev_mem.h>

/**
 * mdev_mem_hold() - keep what is looked up in this section for longer
 * @mem: the driver's memory
 *
 * What is looked up between this call and the end of the section stays the driver's
 * memory until mdev_mem_release(), for I/O by somebody else.  If the driver takes it
 * away meanwhile that waits for the release, but not for ever: a page that is handed
 * on has a reference of its own besides, see mdev_mem_get_page().
 *
 * Context: inside a read section, before the lookups.  Does not sleep.
 * Return: a token for mdev_mem_release().
 */
static inline int mdev_mem_hold(struct mdev_mem *mem)
{
	return mem->ops->hold ? mem->ops->hold(mem) : 0;
}

/**
 * mdev_mem_release() - undo mdev_mem_hold()
 * @mem: the driver's memory
 * @token: what mdev_mem_hold() returned
 *
 * Context: any but an NMI, in or out of a section, also another context than that which
 * holds.  What the device has written is there before this.
 */
static inline void mdev_mem_release(struct mdev_mem *mem, int token)
{
	if (mem->ops->release)
		mem->ops->release(mem, token);
}

/**
 * mdev_mem_get_page() - the page of a held address, to be handed on
 * @mem: the driver's memory, held
 * @p: what mdev_mem_lookup() found
 *
 * Pages of the kernel's own drivers are theirs until the device gives the chain back,
 * and may have no count of references (those of a slab).
 *
 * Context: in the section of the lookup.
 * Return: the page that @p is in, for mdev_mem_put_page().
 */
static inline struct page *mdev_mem_get_page(const struct mdev_mem *mem, void *p)
{
	struct page *page = virt_to_page(p);

	/* Pairs with put_page() in mdev_mem_put_page() */
	if (mem->ops->hold)
		get_page(page);
	return page;
}

/**
 * mdev_mem_put_page() - undo mdev_mem_get_page()
 * @mem: the driver's memory
 * @page: the page, which nobody else uses any more
 *
 * Context: any but an NMI.
 */
static inline void mdev_mem_put_page(const struct mdev_mem *mem,
				     struct page *page)
{
	if (mem->ops->hold)
		put_page(page);
}

#endif /* _LINUX_MDEV_MEM_HOLD_H */
