// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: the payload of a request as pages that can be handed on.
 *
 * They are the driver's own pages, held, if a lookup finds them and they suit the
 * device.  Else the payload is copied through pages of the queue, a few at a time.
 */

#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <linux/mdev_mem_hold.h>

#include "mvblk.h"
#include "req.h"

/* How often pages are made known, and then missed again, before they are copied */
#define MVBLK_PAYLOAD_TRIES	3

static unsigned int mvblk_payload_perm(const struct mvblk_req *req)
{
	return req->type == VIRTIO_BLK_T_IN ? MDEV_MEM_WRITE : MDEV_MEM_READ;
}

/* ---- the driver's pages ---- */

/* Whether the bytes at @page follow those of @vec, so that one piece is enough */
static bool mvblk_payload_follows(const struct bio_vec *vec,
				  const struct page *page, unsigned int offset)
{
	unsigned int end = vec->bv_offset + vec->bv_len;

	return !offset && !offset_in_page(end) &&
	       page_to_pfn(vec->bv_page) + (end >> PAGE_SHIFT) ==
	       page_to_pfn(page) &&
	       !is_zone_device_page(page);
}

/* In a section.  False if there is no room for it. */
static bool mvblk_payload_add(struct mvblk_req *req, struct mdev_mem *mem,
			      unsigned int max, void *p, u32 len)
{
	struct bio_vec *vec = req->bvec + req->nr_vecs;
	unsigned int offset = offset_in_page(p);
	struct page *page = virt_to_page(p);

	if (req->nr_vecs && mvblk_payload_follows(vec - 1, page, offset)) {
		vec[-1].bv_len += len;
	} else if (req->nr_vecs < max) {
		bvec_set_page(vec, page, len, offset);
		req->nr_vecs++;
	} else {
		return false;
	}
	mdev_mem_get_page(mem, p);
	return true;
}

/* Drop the references of a piece's pages from @from on. */
static void mvblk_payload_put_vec(const struct bio_vec *vec, u32 from,
				  bool written)
{
	unsigned int end = PFN_UP(vec->bv_offset + vec->bv_len), i;
	struct page *page;

	/* A page that begins before @from keeps its reference. */
	i = from ? PFN_UP(vec->bv_offset + from) : PFN_DOWN(vec->bv_offset);
	for (; i < end; i++) {
		page = vec->bv_page + i;
		/* The memory may be gone, but its pages have references. */
		if (written)
			mdev_mem_put_written_page(NULL, page);
		else
			mdev_mem_put_page(NULL, page);
	}
}

/**
 * mvblk_payload_unmap() - a step has ended: nobody uses the driver's memory any more
 * @req: the request; nothing happens if it holds none
 *
 * The pages keep their references until mvblk_payload_put().
 *
 * Context: any but an NMI.
 */
void mvblk_payload_unmap(struct mvblk_req *req)
{
	struct mdev_mem *mem;

	/* mvblk_orphans_begin() does this at any time, and waits for others. */
	rcu_read_lock();
	mem = xchg(&req->mem, NULL);
	if (mem)
		mdev_mem_release(mem, req->hold);
	rcu_read_unlock();
}

/**
 * mvblk_payload_put() - drop the references of the driver's pages
 * @req: the request, whose step has ended; nothing happens if there are none
 *
 * Context: process context, outside of any read section; sleeps.
 */
void mvblk_payload_put(struct mvblk_req *req)
{
	unsigned int i;

	if (!req->refs)
		return;
	req->refs = false;
	for (i = 0; i < req->nr_vecs; i++)
		mvblk_payload_put_vec(&req->bvec[i], 0,
				      req->type == VIRTIO_BLK_T_IN);
}

/* In a section: the step is not done. */
static void mvblk_payload_undo(struct mvblk_req *req)
{
	unsigned int i;

	if (req->refs)
		for (i = 0; i < req->nr_vecs; i++)
			mvblk_payload_put_vec(&req->bvec[i], 0, false);
	req->refs = false;
	req->step = 0;
	mvblk_payload_unmap(req);
}

/* The last block is not complete: hand on the blocks before it. */
static void mvblk_payload_trim(struct mvblk_req *req, u32 excess)
{
	struct bio_vec *vec;
	u32 n;

	req->step -= excess;
	while (excess) {
		vec = &req->bvec[req->nr_vecs - 1];
		n = min(excess, vec->bv_len);
		if (req->refs)
			mvblk_payload_put_vec(vec, vec->bv_len - n, false);
		vec->bv_len -= n;
		if (!vec->bv_len)
			req->nr_vecs--;
		excess -= n;
	}
}

/*
 * In a section: look pages up.  Returns 0; -EAGAIN for a miss at @at; -EINVAL if they
 * do not suit the device.
 */
static int mvblk_payload_lookup(struct mvblk_req *req, struct mdev_mem *mem,
				struct mdev_vq_iter *at, unsigned int align,
				unsigned int block)
{
	unsigned int max = req->large ? MVBLK_LARGE_VECS : MVBLK_REQ_VECS;
	unsigned int perm = mvblk_payload_perm(req);
	u32 len = min_t(u64, req->rest, MVBLK_STEP_BYTES);
	u64 rest = req->rest;
	size_t n;
	void *p;

	req->bvec = req->large ? req->large->vecs : req->vecs;
	req->nr_vecs = 0;
	req->step = 0;
	*at = req->iter;
	req->hold = mdev_mem_hold(mem);
	req->mem = mem;
	/* Each page has one then, see mdev_mem_get_page(). */
	req->refs = mem->ops->hold;
	while (req->step < len) {
		n = min_t(u64, rest - req->step, at->seg->len - at->off);
		if (n & (block - 1))
			return -EINVAL;
		n = min_t(size_t, n, len - req->step);
		p = mdev_mem_lookup(mem, at->seg->iova + at->off, perm, &n);
		if (!p)
			return -EAGAIN;
		if ((uintptr_t)p & align)
			return -EINVAL;
		if (req->refs)
			n = min_t(size_t, n, PAGE_SIZE - offset_in_page(p));
		if (!mvblk_payload_add(req, mem, max, p, n))
			break;
		req->step += n;
		mdev_vq_iter_skip(at, n);
	}
	return 0;
}

/*
 * In a section, which is left meanwhile: make the pages from @at on known, @done bytes
 * after the beginning of the step.  Returns 0; -EAGAIN if they cannot be; -EPROTO if the
 * queue broke.
 */
static int mvblk_payload_fault(struct mvblk_req *req, struct mdev_mem *mem,
			       struct mdev_vq_iter *at, u32 done)
{
	unsigned int perm = mvblk_payload_perm(req);
	struct mvblk_queue *q = req->q;
	u32 len = min_t(u64, req->rest, MVBLK_STEP_BYTES);
	int ret = 0, token;
	size_t n;
	void *p;

	mdev_vq_section_leave(&q->section);
	for (; done < len; done += n) {
		n = min_t(u64, req->rest - done, at->seg->len - at->off);
		n = min_t(size_t, n, PAGE_SIZE -
				     offset_in_page(at->seg->iova + at->off));
		token = mdev_mem_enter(mem);
		p = mdev_mem_lookup(mem, at->seg->iova + at->off, perm, &n);
		mdev_mem_leave(mem, token);
		if (!p) {
			ret = mdev_mem_fault(mem, at->seg->iova + at->off, perm);
			if (ret)
				break;
		}
		mdev_vq_iter_skip(at, n);
	}
	if (ret == -EFAULT)
		mdev_vq_break_at(at);
	return mdev_vq_section_enter(&q->section) ?: ret ? -EAGAIN : 0;
}

/* As mvblk_payload_map(), without a buffer; -EAGAIN if it needs one. */
static int mvblk_payload_map_own(struct mvblk_req *req, unsigned int align,
				 unsigned int block)
{
	struct mdev_mem *mem = mdev_vq_mem(req->q->vq);
	unsigned int tries = MVBLK_PAYLOAD_TRIES;
	struct mdev_vq_iter at;
	int ret, faulted = 0;
	u32 done;

	if (mdev_mem_is_copied(mem))
		return -EAGAIN;
	/* Without it there are more steps. */
	if (req->rest > MVBLK_REQ_VECS * PAGE_SIZE && !req->large)
		mvblk_req_get_large(req);
	for (;;) {
		ret = mvblk_payload_lookup(req, mem, &at, align, block);
		if (!ret || ret == -EINVAL || faulted || !tries)
			break;
		if (req->q->section.nowait) {
			mvblk_payload_undo(req);
			return -EAGAIN;
		}
		done = req->step;
		mvblk_payload_undo(req);
		faulted = mvblk_payload_fault(req, mem, &at, done);
		if (faulted == -EPROTO)
			return faulted;
		tries--;
	}
	if (req->step & (block - 1))
		mvblk_payload_trim(req, req->step & (block - 1));
	if (req->step)
		return MVBLK_SUBMIT;
	mvblk_payload_undo(req);
	return -EAGAIN;
}

/* ---- pages of the queue ---- */

static void mvblk_bounce_free(struct mvblk_bounce *bounce)
{
	unsigned int i;

	for (i = 0; i < MVBLK_BOUNCE_PAGES; i++)
		if (bounce->vecs[i].bv_page)
			__free_page(bounce->vecs[i].bv_page);
	kfree(bounce);
}

/**
 * mvblk_bounce_alloc() - have one more buffer
 * @q: the queue
 * @mask: flags for the allocation that are allowed
 *
 * Context: the user of the queue, or process context while there is none.
 * Return: false if there is no memory.
 */
bool mvblk_bounce_alloc(struct mvblk_queue *q, gfp_t mask)
{
	gfp_t gfp = mdev_mem_gfp(mdev_soft_mem(&q->blk->soft)) & mask;
	struct mvblk_bounce *bounce;
	unsigned int i;

	bounce = kzalloc(sizeof(*bounce), gfp | __GFP_NOWARN);
	if (!bounce)
		return false;
	for (i = 0; i < MVBLK_BOUNCE_PAGES; i++) {
		bounce->vecs[i].bv_page = alloc_page(gfp | __GFP_NOWARN);
		if (!bounce->vecs[i].bv_page) {
			mvblk_bounce_free(bounce);
			return false;
		}
	}
	list_add(&bounce->node, &q->reqs->bounces);
	q->reqs->nr_bounces++;
	return true;
}

/**
 * mvblk_bounces_free() - free all buffers
 * @reqs: the requests, none of which has one
 *
 * Context: process context while there is no user of the queue.
 */
void mvblk_bounces_free(struct mvblk_reqs *reqs)
{
	struct mvblk_bounce *bounce, *next;

	list_for_each_entry_safe(bounce, next, &reqs->bounces, node)
		mvblk_bounce_free(bounce);
}

static bool mvblk_payload_get_bounce(struct mvblk_req *req)
{
	struct mvblk_reqs *reqs = req->reqs;

	if (list_empty(&reqs->bounces) &&
	    (reqs->nr_bounces == MVBLK_MAX_BOUNCES ||
	     !mvblk_bounce_alloc(req->q, ~__GFP_DIRECT_RECLAIM)))
		return false;
	req->bounce = list_first_entry(&reqs->bounces, struct mvblk_bounce,
				       node);
	list_del(&req->bounce->node);
	return true;
}

/**
 * mvblk_payload_put_bounce() - give a buffer back
 * @req: the request; nothing happens if it has none
 *
 * Context: the user of the queue.
 */
void mvblk_payload_put_bounce(struct mvblk_req *req)
{
	if (!req->bounce)
		return;
	list_add(&req->bounce->node, &req->reqs->bounces);
	req->bounce = NULL;
}

/* In a section: copy between the buffer and the driver's memory. */
static int mvblk_payload_copy(struct mvblk_req *req)
{
	struct mdev_vq_section *section = &req->q->section;
	struct mdev_vq_iter iter = req->iter;
	struct bio_vec *vec;
	unsigned int i;
	int ret = 0;
	void *p;

	for (i = 0; i < req->nr_vecs && !ret; i++) {
		vec = &req->bvec[i];
		p = page_address(vec->bv_page);
		if (req->type == VIRTIO_BLK_T_IN)
			ret = mdev_vq_section_write(section, &iter, p,
						    vec->bv_len);
		else
			ret = mdev_vq_section_read(section, &iter, p,
						   vec->bv_len);
	}
	return ret;
}

static int mvblk_payload_map_bounce(struct mvblk_req *req)
{
	unsigned int i;
	u32 rest;
	int ret;

	if (!mvblk_payload_get_bounce(req))
		return MVBLK_WAIT;
	req->step = min_t(u64, req->rest, MVBLK_BOUNCE_PAGES * PAGE_SIZE);
	req->bvec = req->bounce->vecs;
	req->nr_vecs = DIV_ROUND_UP(req->step, PAGE_SIZE);
	rest = req->step;
	for (i = 0; i < req->nr_vecs; i++) {
		req->bvec[i].bv_offset = 0;
		req->bvec[i].bv_len = min_t(u32, rest, PAGE_SIZE);
		rest -= req->bvec[i].bv_len;
	}
	if (req->type == VIRTIO_BLK_T_IN)
		return MVBLK_SUBMIT;
	ret = mvblk_payload_copy(req);
	if (!ret)
		return MVBLK_SUBMIT;
	mvblk_payload_put_bounce(req);
	req->step = 0;
	return ret;
}

/**
 * mvblk_payload_map() - prepare the pages of the next step of a read or a write
 * @req: the request; the next step begins at @req->iter
 * @align: what the address of a piece must not have in common with, such as 511
 * @block: what the length of a step is a multiple of, as that of the request; a power
 *	of two
 *
 * The result is @req->step, and @req->nr_vecs pieces at @req->bvec.
 *
 * Context: as mdev_vq_section_read().
 * Return: MVBLK_SUBMIT; MVBLK_WAIT until another request gives back its buffer;
 * -EPROTO if the queue broke; in a section that does not wait, -EAGAIN if the pages are
 * not at hand, or need a buffer.
 */
int mvblk_payload_map(struct mvblk_req *req, unsigned int align,
		      unsigned int block)
{
	int ret = mvblk_payload_map_own(req, align, block);

	if (ret != -EAGAIN || req->q->section.nowait)
		return ret;
	return mvblk_payload_map_bounce(req);
}

/**
 * mvblk_payload_end() - a step of a read or a write has ended
 * @req: the request, which was given to mvblk_payload_unmap(); its result says how
 *
 * Moves on by @req->step, if it succeeded.
 *
 * Context: as mdev_vq_section_write().
 * Return: MVBLK_SUBMIT if more is left; 0 if it was the last step; @req->result;
 * -EPROTO, to be called again if the queue is not broken.
 */
int mvblk_payload_end(struct mvblk_req *req)
{
	int ret;

	if (req->result) {
		mvblk_payload_put_bounce(req);
		return req->result;
	}
	if (req->bounce && req->type == VIRTIO_BLK_T_IN) {
		ret = mvblk_payload_copy(req);
		if (ret)
			return ret;
	}
	mvblk_payload_put_bounce(req);
	mdev_vq_iter_skip(&req->iter, req->step);
	req->pos += req->step;
	req->rest -= req->step;
	req->step = 0;
	return req->rest ? MVBLK_SUBMIT : 0;
}
