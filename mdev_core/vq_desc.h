/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What descriptors of all layouts have in common.
 */
#ifndef _MDEV_VQ_DESC_H
#define _MDEV_VQ_DESC_H

#include <linux/compiler.h>

#include <linux/mdev_vq.h>

int mdev_vq_chain_odd(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		      u64 iova, u32 len, bool in);
int mdev_vq_table_begin(struct mdev_vq *vq, u64 iova, u32 len);
int mdev_vq_table_desc(struct mdev_vq *vq, unsigned int i, void *desc);

/* Empty a chain. */
static inline void mdev_vq_chain_begin(struct mdev_vq_chain *chain)
{
	chain->nr_out = 0;
	chain->nr_in = 0;
	chain->nr_descs = 0;
	chain->out_len = 0;
	chain->in_len = 0;
}

/**
 * mdev_vq_chain_add() - add what a descriptor describes
 * @vq: the virtqueue
 * @chain: the chain
 * @iova: address
 * @len: length; for 0 no piece is added, but the descriptor is counted
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

	/* Cannot overflow: a ring and a table have fewer descriptors than that. */
	chain->nr_descs++;
	/* The last two conditions find sums that wrapped. */
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

#endif /* _MDEV_VQ_DESC_H */
