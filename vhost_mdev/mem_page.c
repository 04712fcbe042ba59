// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned pages, whoever pins them.
 */

#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "mem_page.h"

/*
 * Memory that is not ordinary RAM may have no place in the kernel's linear
 * mapping, and the shared page of zeroes is replaced as soon as the user
 * writes there.
 */
bool vhost_mem_usable(struct page *page)
{
	return !PageReserved(page) && !is_zone_device_page(page) &&
	       !is_zero_pfn(page_to_pfn(page));
}

/*
 * One address for all pages: the linear mapping where they happen to be next
 * to each other, which costs no TLB entries, else one of their own.
 */
void *vhost_mem_ring_addr(struct page **pages, unsigned long n,
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
