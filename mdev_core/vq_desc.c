// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: collecting the segments of a chain, and reading
 * indirect tables, which lie in driver memory like payload.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_ring.h>

#include "vq_desc.h"

/*
 * How often a table is fetched for one chain.  Once is enough, unless the
 * driver changes the descriptor meanwhile.
 */
#define MDEV_VQ_TABLE_TRIES	8

#define MDEV_VQ_TABLE_LEN	(MDEV_VQ_MAX_SEGS * sizeof(struct vring_desc))

/**
 * mdev_vq_chain_odd() - a descriptor that mdev_vq_chain_add() cannot simply add
 * @vq: the virtqueue
 * @chain: the chain
 * @iova: address
 * @len: length
 * @in: whether the device writes it
 *
 * Return: 0 if it adds no piece: its length is 0, or the caller wants no pieces;
 * -EPROTO if the chain is invalid: then the queue is broken.
 */
int mdev_vq_chain_odd(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		      u64 iova, u32 len, bool in)
{
	if (!in && chain->nr_in) {
		mdev_vq_break(vq, "a readable descriptor after a writable one");
		return -EPROTO;
	}
	/* A caller without room for pieces does not use them. */
	if (!len || !chain->segs)
		return 0;
	if (chain->nr_out + chain->nr_in >= chain->max_segs)
		mdev_vq_break(vq, "a chain of more than %u segments",
			      chain->max_segs);
	else
		mdev_vq_break(vq, "a descriptor of %u bytes at %#llx wraps",
			      len, (unsigned long long)iova);
	return -EPROTO;
}

/**
 * mdev_vq_table_begin() - start to read an indirect table
 * @vq: the virtqueue
 * @iova: address of the table
 * @len: its length
 *
 * Return: the number of descriptors in it, or -EPROTO if the queue broke.
 */
int mdev_vq_table_begin(struct mdev_vq *vq, u64 iova, u32 len)
{
	u64 last;

	if (!vq->indirect) {
		mdev_vq_break(vq, "an indirect table, which was not negotiated");
		return -EPROTO;
	}
	if (!len || len % sizeof(struct vring_desc) ||
	    len > MDEV_VQ_TABLE_LEN) {
		mdev_vq_break(vq, "an indirect table of %u bytes", len);
		return -EPROTO;
	}
	if (check_add_overflow(iova, (u64)len - 1, &last)) {
		mdev_vq_break(vq, "an indirect table at %#llx wraps",
			      (unsigned long long)iova);
		return -EPROTO;
	}

	/* What mdev_vq_fault() fetched is valid for this table only. */
	if (vq->table_iova != iova || vq->table_len != len)
		vq->table_valid = false;
	vq->table_iova = iova;
	vq->table_len = len;
	return len / sizeof(struct vring_desc);
}

/**
 * mdev_vq_table_desc() - read a descriptor of an indirect table
 * @vq: the virtqueue
 * @i: index, less than what mdev_vq_table_begin() returned
 * @desc: result, a private copy; descriptors of all layouts have the size of a
 *	&struct vring_desc
 *
 * Return: 0; -EAGAIN if mdev_vq_fault() is needed.
 */
int mdev_vq_table_desc(struct mdev_vq *vq, unsigned int i, void *desc)
{
	const size_t size = sizeof(struct vring_desc);
	struct mdev_vq_seg seg;
	struct mdev_vq_iter iter;

	if (vq->table_valid) {
		memcpy(desc, &vq->table[i], size);
		return 0;
	}

	/* May cross pages: the driver need not align a table. */
	seg.iova = vq->table_iova + i * size;
	seg.len = size;
	mdev_vq_iter_segs(&iter, &seg, 1);
	iter.vq = vq;
	if (mdev_vq_copy_from(vq->mem, &iter, desc, size) == size)
		return 0;

	vq->table_wanted = true;
	return -EAGAIN;
}

/**
 * mdev_vq_fault() - fetch what mdev_vq_pop() could not reach
 * @vq: claimed virtqueue
 *
 * Context: the user of the queue, outside of any read section; process context
 * and sleeps, unless the memory is direct.
 * Return: 0 if mdev_vq_pop() is worth another try; -EPROTO if the queue broke.
 */
int mdev_vq_fault(struct mdev_vq *vq)
{
	struct mdev_vq_seg seg = {
		.iova = vq->table_iova,
		.len = vq->table_len,
	};
	struct mdev_vq_iter iter;

	if (READ_ONCE(vq->broken))
		return -EPROTO;
	if (!vq->table_wanted)
		return 0;
	vq->table_wanted = false;
	if (++vq->table_faults > MDEV_VQ_TABLE_TRIES) {
		mdev_vq_break(vq, "an indirect table that keeps changing");
		return -EPROTO;
	}

	/*
	 * Copy the table rather than make its pages known: mdev_vq_pop() can use a
	 * copy, however often the driver unmaps and maps the pages.
	 */
	if (!vq->table && !vq->mem->direct) {
		vq->table = kvmalloc(MDEV_VQ_TABLE_LEN,
				     mdev_mem_gfp(vq->mem));
		if (!vq->table) {
			mdev_vq_break(vq, "no memory for an indirect table");
			return -EPROTO;
		}
	}
	/* Where memory is direct a miss is final, and this may be atomic context. */
	mdev_vq_iter_segs(&iter, &seg, 1);
	if (vq->mem->direct ||
	    mdev_vq_read(vq->mem, &iter, vq->table, seg.len)) {
		mdev_vq_break(vq, "an indirect table at %#llx, which is not mapped",
			      (unsigned long long)seg.iova);
		return -EPROTO;
	}
	vq->table_valid = true;
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_fault);
