/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pinned pages by I/O virtual address, whoever pins them.
 */
#ifndef _LINUX_MDEV_PAGE_H
#define _LINUX_MDEV_PAGE_H

#include <linux/mdev_mem.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/xarray.h>

/* A ring piece is at most 512 KiB: 32768 descriptors of 16 bytes. */
#define VHOST_MEM_RING_MAX	SZ_1M

/*
 * What the lower bits of an entry in an array of pages say: what the device may
 * do there, MDEV_MEM_READ and MDEV_MEM_WRITE, or nothing, for the page is about
 * to be unpinned.  The rest of it is the number of the page.
 */
#define VHOST_MEM_DEAD		0
#define VHOST_MEM_RO		MDEV_MEM_READ
#define VHOST_MEM_WO		MDEV_MEM_WRITE
#define VHOST_MEM_RW		(MDEV_MEM_READ | MDEV_MEM_WRITE)
#define VHOST_MEM_STATE_BITS	2

static inline void *vhost_mem_entry(unsigned int state, unsigned long val)
{
	return xa_mk_value(val << VHOST_MEM_STATE_BITS | state);
}

static inline unsigned int vhost_mem_entry_state(const void *entry)
{
	return xa_to_value(entry) & (BIT(VHOST_MEM_STATE_BITS) - 1);
}

static inline unsigned long vhost_mem_entry_val(const void *entry)
{
	return xa_to_value(entry) >> VHOST_MEM_STATE_BITS;
}

/* Whether the device may do all of @perm there */
static inline bool vhost_mem_allows(const void *entry, unsigned int perm)
{
	return !(perm & ~vhost_mem_entry_state(entry));
}

/**
 * vhost_mem_find() - look an address up in an array of pages
 * @pages: the array
 * @iova: the address
 * @perm: MDEV_MEM_READ, MDEV_MEM_WRITE or both
 * @len: as of mdev_mem_lookup()
 *
 * Context: any; who takes entries out waits for read sections before it unpins.
 * Return: as mdev_mem_lookup().
 */
static inline void *vhost_mem_find(struct xarray *pages, u64 iova,
				   unsigned int perm, size_t *len)
{
	unsigned int off = offset_in_page(iova);
	void *entry;

	entry = xa_load(pages, iova >> PAGE_SHIFT);
	if (!entry || !vhost_mem_allows(entry, perm))
		return NULL;
	*len = min_t(size_t, *len, PAGE_SIZE - off);
	return page_address(pfn_to_page(vhost_mem_entry_val(entry))) + off;
}

bool vhost_mem_usable(struct page *page);
void *vhost_mem_ring_addr(struct page **pages, unsigned long n,
			  unsigned int perm, void **vmapped);

#endif /* _LINUX_MDEV_PAGE_H */
