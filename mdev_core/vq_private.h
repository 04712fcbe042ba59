/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MDEV_VQ_PRIVATE_H
#define _MDEV_VQ_PRIVATE_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include <linux/mdev_vq.h>

/* Index into &mdev_vq.maps */
enum mdev_vq_area {
	MDEV_VQ_DESC,
	MDEV_VQ_DRIVER,
	MDEV_VQ_DEVICE,
};

/**
 * struct mdev_vq_layout - how a kind of virtqueue lies in memory
 * @align: what the address of an area must be a multiple of
 * @perm: how the device accesses an area, MDEV_MEM_*
 * @any_num: the ring size need not be a power of two
 * @initial: where a virtqueue begins unless it is told
 * @map_len: bytes of an area of a ring of @vq's size
 * @start: take the addresses from &mdev_vq.maps; called before any user.
 *	-EINVAL if the state cannot belong to a ring of that size
 * @set_state: the next mdev_vq_start() begins there
 * @get_state: where the virtqueue stands
 * @pop: see mdev_vq_pop(); has broken the queue if -EPROTO
 * @unpop: see mdev_vq_unpop()
 * @push: see mdev_vq_push()
 * @publish: see mdev_vq_publish()
 * @need_signal: see mdev_vq_need_signal()
 * @disable_notify: see mdev_vq_disable_notify()
 * @enable_notify: see mdev_vq_enable_notify()
 * @pending: see mdev_vq_pending(); may come beside the user of the queue, so it
 *	changes nothing
 *
 * From @pop on all are called inside a read section but for @unpop, and all but
 * @pending by the user of the queue.
 */
struct mdev_vq_layout {
	u8 align[3];
	u8 perm[3];
	bool any_num;
	struct virtio_mdev_vq_state initial;
	size_t (*map_len)(const struct mdev_vq *vq, enum mdev_vq_area area);
	int (*start)(struct mdev_vq *vq);
	void (*set_state)(struct mdev_vq *vq,
			  const struct virtio_mdev_vq_state *state);
	void (*get_state)(const struct mdev_vq *vq,
			  struct virtio_mdev_vq_state *state);
	int (*pop)(struct mdev_vq *vq, struct mdev_vq_chain *chain);
	void (*unpop)(struct mdev_vq *vq, const struct mdev_vq_chain *chain);
	void (*push)(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		     u32 len);
	void (*publish)(struct mdev_vq *vq);
	bool (*need_signal)(struct mdev_vq *vq);
	void (*disable_notify)(struct mdev_vq *vq);
	bool (*enable_notify)(struct mdev_vq *vq);
	bool (*pending)(const struct mdev_vq *vq);
};

extern const struct mdev_vq_layout mdev_vq_split_layout;
extern const struct mdev_vq_layout mdev_vq_packed_layout;

/* vq.c */
bool mdev_vq_check_order(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
			 u16 pos);
/**
 * struct mdev_vq_tlb_entry - a remembered lookup
 * @tag: mdev_vq_tlb_tag() of it, 0 for none
 * @page: kernel address of the page
 */
struct mdev_vq_tlb_entry {
	u64 tag;
	void *page;
};

/* vq_tlb.c */
int mdev_vq_tlb_init(struct mdev_vq_tlb *tlb, const struct mdev_mem *mem,
		     unsigned int num);
void mdev_vq_tlb_destroy(struct mdev_vq_tlb *tlb);
void mdev_vq_tlb_flush(struct mdev_vq_tlb *tlb, unsigned long generation);
void *mdev_vq_tlb_fill(struct mdev_vq_tlb *tlb, struct mdev_mem *mem, u64 iova,
		       unsigned int perm, size_t *len);

/* One page, one kind of access; never 0, for there is no access without @perm. */
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

	if (!tlb || !tlb->entries)
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

/* Which of the rings' memory the driver took away; NULL if it is all there */
static inline const struct mdev_ring_map *
mdev_vq_lost(const struct mdev_vq *vq)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vq->maps); i++)
		if (READ_ONCE(vq->maps[i].dead))
			return &vq->maps[i];
	return NULL;
}

static inline void mdev_vq_break_lost(struct mdev_vq *vq,
				      const struct mdev_ring_map *lost)
{
	mdev_vq_break(vq, "its memory at %#llx was unmapped",
		      (unsigned long long)lost->iova);
}

/* vq_desc.c: what descriptors of all layouts have in common */
int mdev_vq_chain_odd(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		      u64 iova, u32 len, bool in);
int mdev_vq_table_begin(struct mdev_vq *vq, u64 iova, u32 len);
int mdev_vq_table_desc(struct mdev_vq *vq, unsigned int i, void *desc);

/* Empty a chain. */
static inline void mdev_vq_chain_begin(struct mdev_vq_chain *chain)
{
	chain->nr_out = 0;
	chain->nr_in = 0;
	chain->out_len = 0;
	chain->in_len = 0;
}

/**
 * mdev_vq_chain_add() - add what a descriptor describes
 * @vq: the virtqueue
 * @chain: the chain
 * @iova: address
 * @len: length; nothing is added for 0
 * @in: whether the device writes it
 *
 * Return: 0; -EPROTO if the chain becomes invalid: then the queue is broken.
 */
static __always_inline int mdev_vq_chain_add(struct mdev_vq *vq,
					     struct mdev_vq_chain *chain,
					     u64 iova, u32 len, bool in)
{
	unsigned int nr = chain->nr_out + chain->nr_in;
	u32 *total = in ? &chain->in_len : &chain->out_len;
	u32 sum = *total + len;

	/* The latter two are wrapped sums. */
	if (unlikely((!in && chain->nr_in) || !len || nr >= chain->max_segs ||
		     iova + len - 1 < iova || sum < len))
		return mdev_vq_chain_odd(vq, chain, iova, len, in);

	*total = sum;
	chain->segs[nr].iova = iova;
	chain->segs[nr].len = len;
	if (in)
		chain->nr_in++;
	else
		chain->nr_out++;
	return 0;
}

#endif /* _MDEV_VQ_PRIVATE_H */
