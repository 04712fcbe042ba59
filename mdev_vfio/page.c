// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned pages, however they were pinned.
 */

#include <linux/device.h>
#include <linux/mdev_page.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

/**
 * mdev_page_kill() - make lookups find none of the pages in a range any more
 * @xas: stands at the first page of the range, with the lock of the array held
 * @last: number of the last page
 * @keep: leave a dead entry for each page, marked MDEV_PAGE_DYING, whose value
 *	is that of its former entry; otherwise nothing is left
 * @found: set to true if a lookup could have found anything
 *
 * Context: any in which the lock can be held.
 * Return: false when it is done; true after some of the pages, so that the caller
 * may drop the lock for a moment and call again.
 */
bool mdev_page_kill(struct xa_state *xas, unsigned long last, bool keep,
		    bool *found)
{
	unsigned int n = 0;
	void *entry;

	lockdep_assert_held(&xas->xa->xa_lock);
	xas_for_each(xas, entry, last) {
		if (mdev_page_entry_state(entry) != MDEV_PAGE_DEAD) {
			xas_store(xas, keep ? mdev_page_entry(MDEV_PAGE_DEAD,
							      xa_to_value(entry)) :
					      NULL);
			if (keep)
				xas_set_mark(xas, MDEV_PAGE_DYING);
			*found = true;
		}
		if (++n % XA_CHECK_SCHED)
			continue;
		xas_pause(xas);
		return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(mdev_page_kill);

/**
 * mdev_page_usable() - whether a page of the user's can be accessed in place
 * @page: the page, pinned
 *
 * Memory that is not ordinary RAM may have no place in the kernel's linear
 * mapping, and the shared page of zeroes is replaced as soon as the user
 * writes there.
 *
 * Context: any.
 * Return: true if it can.
 */
bool mdev_page_usable(struct page *page)
{
	return !PageReserved(page) && !is_zone_device_page(page) &&
	       !is_zero_pfn(page_to_pfn(page));
}
EXPORT_SYMBOL_GPL(mdev_page_usable);

/**
 * mdev_page_ring_usable() - whether a page of the user's can be part of a ring
 * @dev: the device in messages
 * @page: the page, pinned
 *
 * Context: any.
 * Return: as mdev_page_usable(); if it is false the log says what to do.
 */
bool mdev_page_ring_usable(struct device *dev, struct page *page)
{
	if (mdev_page_usable(page))
		return true;
	dev_warn_ratelimited(dev,
			     "a virtqueue lies in memory that cannot be shared: it has to be ordinary memory, and written to once if mapped for reading only\n");
	return false;
}
EXPORT_SYMBOL_GPL(mdev_page_ring_usable);

/**
 * mdev_page_ring_addr() - one kernel address for all pages of a ring
 * @pages: the pages, pinned and usable
 * @n: how many, at least 1
 * @perm: what the device does there: MDEV_MEM_READ, MDEV_MEM_WRITE or both
 * @vmapped: result: the same address if it is to be given to vunmap(); untouched
 *	otherwise
 *
 * Uses the linear mapping if the pages are contiguous there, which costs no
 * additional TLB entries; otherwise makes a mapping with vmap().
 *
 * Context: process context; sleeps.
 * Return: the address, or NULL if there is no memory for a mapping.
 */
void *mdev_page_ring_addr(struct page **pages, unsigned long n,
			  unsigned int perm, void **vmapped)
{
	void *addr = page_address(pages[0]);
	unsigned long i;

	for (i = 1; i < n; i++)
		if (page_address(pages[i]) != addr + (i << PAGE_SHIFT))
			break;
	if (i == n)
		return addr;

	*vmapped = vmap(pages, n, VM_MAP, perm & MDEV_MEM_WRITE ?
			PAGE_KERNEL : PAGE_KERNEL_RO);
	return *vmapped;
}
EXPORT_SYMBOL_GPL(mdev_page_ring_addr);
