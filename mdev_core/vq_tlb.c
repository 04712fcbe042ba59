// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: remembered lookups.
 *
 * Where driver memory is not linear, finding a page costs more than all the
 * rest of a small frame.  So each queue has a table of pages that it looked up
 * before, indexed by the low bits of the page number.  Only the user of the queue
 * uses the table, so it needs no lock.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "vq_tlb.h"

/**
 * mdev_vq_tlb_init() - make a table of remembered lookups
 * @tlb: result; an existing table of that size is used again
 * @mem: the driver's memory
 * @num: size of the ring: drivers use about that many pages again and again
 *
 * Nothing in it is valid: mdev_vq_tlb_check() will find another generation.
 *
 * Return: 0 or -ENOMEM.
 */
int mdev_vq_tlb_init(struct mdev_vq_tlb *tlb, const struct mdev_mem *mem,
		     unsigned int num)
{
	unsigned int size = roundup_pow_of_two(num);

	if (mem->linear || tlb->mask + 1 != size)
		mdev_vq_tlb_destroy(tlb);
	if (mem->linear)
		return 0;
	if (!tlb->entries)
		tlb->entries = kvmalloc_array(size, sizeof(*tlb->entries),
					      mdev_mem_gfp(mem));
	if (!tlb->entries)
		return -ENOMEM;
	tlb->mask = size - 1;
	tlb->generation = mdev_mem_generation(mem) - 1;
	return 0;
}

/**
 * mdev_vq_tlb_destroy() - undo mdev_vq_tlb_init(), if it was called at all
 * @tlb: the table
 */
void mdev_vq_tlb_destroy(struct mdev_vq_tlb *tlb)
{
	kvfree(tlb->entries);
	tlb->entries = NULL;
}

/**
 * mdev_vq_tlb_flush() - forget all lookups
 * @tlb: the table
 * @generation: of the memory, read before anything is looked up again
 */
void mdev_vq_tlb_flush(struct mdev_vq_tlb *tlb, unsigned long generation)
{
	memset(tlb->entries, 0, (tlb->mask + 1) * sizeof(*tlb->entries));
	tlb->generation = generation;
}

/**
 * mdev_vq_tlb_fill() - look an address up and remember its page
 * @tlb: the table
 * @mem: the driver's memory
 * @iova: the address
 * @perm: MDEV_MEM_READ or MDEV_MEM_WRITE
 * @len: as for mdev_mem_lookup()
 *
 * Context: inside a read section, in which mdev_vq_tlb_check() was called.
 * Return: as mdev_mem_lookup().
 */
void *mdev_vq_tlb_fill(struct mdev_vq_tlb *tlb, struct mdev_mem *mem, u64 iova,
		       unsigned int perm, size_t *len)
{
	u64 first = ALIGN_DOWN(iova, PAGE_SIZE);
	struct mdev_vq_tlb_entry *entry;
	size_t n = PAGE_SIZE;
	void *page;

	if (mdev_mem_is_copied(mem))
		return NULL;
	page = mdev_mem_lookup(mem, first, perm, &n);
	/* A back end may find less than a page. */
	if (!page || n < PAGE_SIZE)
		return mdev_mem_lookup(mem, iova, perm, len);

	entry = mdev_vq_tlb_place(tlb, iova);
	entry->tag = mdev_vq_tlb_tag(iova, perm);
	entry->page = page;
	*len = min_t(size_t, *len, PAGE_SIZE - offset_in_page(iova));
	return page + offset_in_page(iova);
}
