/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remembered lookups of a virtqueue.
 */
#ifndef _MDEV_VQ_TLB_H
#define _MDEV_VQ_TLB_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include <linux/mdev_vq.h>

/**
 * struct mdev_vq_tlb_entry - a remembered lookup
 * @tag: mdev_vq_tlb_tag() of it, 0 for none
 * @page: kernel address of the page
 */
struct mdev_vq_tlb_entry {
	u64 tag;
	void *page;
};

int mdev_vq_tlb_init(struct mdev_vq_tlb *tlb, const struct mdev_mem *mem,
		     unsigned int num);
void mdev_vq_tlb_destroy(struct mdev_vq_tlb *tlb);
void mdev_vq_tlb_flush(struct mdev_vq_tlb *tlb, unsigned long generation);
void *mdev_vq_tlb_fill(struct mdev_vq_tlb *tlb, struct mdev_mem *mem, u64 iova,
		       unsigned int perm, size_t *len);

/* One page, one kind of access; never 0, because @perm is not 0. */
static inline u64 mdev_vq_tlb_tag(u64 iova, unsigned int perm)
{
	return (iova & PAGE_MASK) | perm;
}

/* The mask also keeps a speculating CPU within the table. */
static inline struct mdev_vq_tlb_entry *
mdev_vq_tlb_place(struct mdev_vq_tlb *tlb, u64 iova)
{
	return &tlb->entries[(iova >> PAGE_SHIFT) & tlb->mask];
}

/* To be called in each read section before the first lookup through @tlb */
static inline void mdev_vq_tlb_check(struct mdev_vq_tlb *tlb,
				     const struct mdev_mem *mem)
{
	unsigned long generation;

	if (!tlb->entries)
		return;
	generation = mdev_mem_generation(mem);
	if (unlikely(tlb->generation != generation))
		mdev_vq_tlb_flush(tlb, generation);
}

/* As mdev_mem_lookup() */
static inline void *mdev_vq_tlb_lookup(struct mdev_vq_tlb *tlb,
				       struct mdev_mem *mem, u64 iova,
				       unsigned int perm, size_t *len)
{
	struct mdev_vq_tlb_entry *entry = mdev_vq_tlb_place(tlb, iova);

	if (unlikely(entry->tag != mdev_vq_tlb_tag(iova, perm)))
		return mdev_vq_tlb_fill(tlb, mem, iova, perm, len);
	*len = min_t(size_t, *len, PAGE_SIZE - offset_in_page(iova));
	return entry->page + offset_in_page(iova);
}

#endif /* _MDEV_VQ_TLB_H */
