/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arrays of pinned pages, indexed by I/O virtual address.
 */
#ifndef _LINUX_MDEV_PAGE_H
#define _LINUX_MDEV_PAGE_H

#include <linux/mdev_mem.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/xarray.h>

struct device;

/* A ring piece is at most 512 KiB: 32768 descriptors of 16 bytes. */
#define MDEV_PAGE_RING_MAX	SZ_1M

/*
 * What the lower bits of an entry in an array of pages say: what the device may
 * do there, MDEV_MEM_READ and MDEV_MEM_WRITE, or nothing, because the page is about
 * to be unpinned.  The rest of it is the number of the page.
 */
#define MDEV_PAGE_DEAD		0
#define MDEV_PAGE_RO		MDEV_MEM_READ
#define MDEV_PAGE_WO		MDEV_MEM_WRITE
#define MDEV_PAGE_RW		(MDEV_MEM_READ | MDEV_MEM_WRITE)
#define MDEV_PAGE_STATE_BITS	2

/* A dead page that is still in the array, because readers may have it */
#define MDEV_PAGE_DYING		XA_MARK_0

static inline void *mdev_page_entry(unsigned int state, unsigned long val)
{
	return xa_mk_value(val << MDEV_PAGE_STATE_BITS | state);
}

static inline unsigned int mdev_page_entry_state(const void *entry)
{
	return xa_to_value(entry) & (BIT(MDEV_PAGE_STATE_BITS) - 1);
}

static inline unsigned long mdev_page_entry_pfn(const void *entry)
{
	return xa_to_value(entry) >> MDEV_PAGE_STATE_BITS;
}

/* Whether the device may do all of @perm there */
static inline bool mdev_page_allows(const void *entry, unsigned int perm)
{
	return !(perm & ~mdev_page_entry_state(entry));
}

/**
 * mdev_page_find() - look an address up in an array of pages
 * @pages: the array
 * @iova: the address
 * @perm: MDEV_MEM_READ, MDEV_MEM_WRITE or both
 * @len: as for mdev_mem_lookup()
 *
 * Context: any; whoever removes entries waits for read sections before it unpins.
 * Return: as mdev_mem_lookup().
 */
static inline void *mdev_page_find(struct xarray *pages, u64 iova,
				   unsigned int perm, size_t *len)
{
	unsigned int off = offset_in_page(iova);
	void *entry;

	entry = xa_load(pages, iova >> PAGE_SHIFT);
	if (!entry || !mdev_page_allows(entry, perm))
		return NULL;
	*len = min_t(size_t, *len, PAGE_SIZE - off);
	return page_address(pfn_to_page(mdev_page_entry_pfn(entry))) + off;
}

bool mdev_page_kill(struct xa_state *xas, unsigned long last, bool keep,
		    bool *found);
bool mdev_page_usable(struct page *page);
bool mdev_page_ring_usable(struct device *dev, struct page *page);
void *mdev_page_ring_addr(struct page **pages, unsigned long n,
			  unsigned int perm, void **vmapped);

#endif /* _LINUX_MDEV_PAGE_H */
