// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: requests (virtio 1.2, section 5.2.6), from the chain to the status.
 *
 * A request has a part that the device reads, followed by one that it writes.
 * The first begins with a header of 16 bytes, the second ends with a status of
 * one byte; the payload is the rest of one or the other.  Where descriptors begin
 * and end has no meaning (section 2.7.4.1).
 *
 * "In a section" below means that the function is called in the queue's read section
 * of the driver's memory and returns in it, maybe after it was left and entered
 * again, see &struct mdev_vq_section.
 */

#include <linux/io.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/virtio_ring.h>

#include "mvblk.h"
#include "req.h"

/* Requests and bytes in one run; requests in one section */
#define MVBLK_BUDGET		64
#define MVBLK_BUDGET_BYTES	SZ_512K
#define MVBLK_SECTION_REQUESTS	16

/* Results of a request other than an error */
#define MVBLK_EMPTY		0
#define MVBLK_DONE		1

/* In a section: the header, which the request is long enough for. */
static int mvblk_get_header(struct mvblk_queue *q,
			    struct virtio_blk_outhdr *hdr)
{
	const struct mdev_vq_seg *first = q->chain.segs;
	struct mdev_vq_iter iter;

	/* The fast path: in one piece, in linear memory */
	if (mdev_vq_mem(q->vq)->linear && first->len >= sizeof(*hdr)) {
		memcpy(hdr, phys_to_virt(first->iova), sizeof(*hdr));
		return 0;
	}
	mdev_vq_iter_out(&iter, &q->chain);
	return mdev_vq_section_read(&q->section, &iter, hdr, sizeof(*hdr));
}

/**
 * mvblk_put_status() - write the status, which is the last byte
 * @q: the queue, in a section
 * @chain: the request
 * @status: VIRTIO_BLK_S_*
 *
 * Context: as mdev_vq_section_write().
 * Return: 0 or -EPROTO.
 */
int mvblk_put_status(struct mvblk_queue *q, const struct mdev_vq_chain *chain,
		     u8 status)
{
	const struct mdev_vq_seg *last;
	struct mdev_vq_iter iter;

	if (mdev_vq_mem(q->vq)->linear) {
		last = &chain->segs[chain->nr_out + chain->nr_in - 1];
		*(u8 *)phys_to_virt(last->iova + last->len - 1) = status;
		return 0;
	}
	mdev_vq_iter_in(&iter, chain);
	mdev_vq_iter_skip(&iter, chain->in_len - sizeof(status));
	return mdev_vq_section_write(&q->section, &iter, &status, sizeof(status));
}

/*
 * The length for the used entry: written bytes from the first one on, without a
 * gap.  The status is the last byte, so it counts only if there is no gap before
 * it.
 */
static u32 mvblk_used_len(const struct mvblk_queue *q)
{
	u32 in_len = q->chain.in_len;

	return q->filled == in_len - sizeof(u8) ? in_len : q->filled;
}

/* Whether @nr sectors from @sector on are within the device */
static bool mvblk_in_range(const struct mvblk *blk, u64 sector, u64 nr)
{
	/* Pairs with atomic64_set_release() in mvblk_set_capacity() */
	u64 capacity = atomic64_read_acquire(&blk->capacity);

	return sector <= capacity && nr <= capacity - sector;
}

/**
 * mvblk_status() - map a result of a store, or of a check, to a virtio status
 * @ret: 0 or a negative errno
 *
 * Return: the status; errors for which none is sent are passed on.
 */
int mvblk_status(int ret)
{
	switch (ret) {
	case 0:
		return VIRTIO_BLK_S_OK;
	case -EIO:
		return VIRTIO_BLK_S_IOERR;
	case -EOPNOTSUPP:
		return VIRTIO_BLK_S_UNSUPP;
	default:
		return ret;
	}
}

/*
 * In a section: begin a request of a range that is done by and by, the payload of
 * which, if any, is at @iter.
 */
static int mvblk_begin(struct mvblk_queue *q, u32 type,
		       const struct mdev_vq_iter *iter, u64 pos, u64 len)
{
	struct mvblk_req *req = q->req;

	req->type = type;
	req->pos = pos;
	req->rest = len;
	/* What a discard covers is not moved. */
	req->len = type == VIRTIO_BLK_T_DISCARD ? 0 : len;
	req->sectors += len >> MVBLK_SECTOR_SHIFT;
	if (iter)
		req->iter = *iter;
	return q->store->prepare(req);
}

/* In a section: read or write. */
static int mvblk_data(struct mvblk_queue *q, u64 sector, bool write)
{
	const struct mvblk_store_ops *store = q->store;
	const struct mdev_vq_chain *chain = &q->chain;
	struct mdev_vq_iter iter;
	u32 len, rest;
	int ret;

	len = chain->out_len - sizeof(struct virtio_blk_outhdr);
	rest = chain->in_len - sizeof(u8);
	if (!write)
		swap(len, rest);
	/* There must be no payload in the wrong direction. */
	if (rest || len % MVBLK_SECTOR)
		return -EIO;
	if (!mvblk_in_range(q->blk, sector, len >> MVBLK_SECTOR_SHIFT))
		return -EIO;
	if (!len)
		return 0;
	if (q->atomic && len > MVBLK_KICK_BYTES)
		return -EAGAIN;

	mdev_vq_count(q->vq, len, 0);
	if (!write) {
		mdev_vq_iter_in(&iter, chain);
		if (store->prepare)
			return mvblk_begin(q, VIRTIO_BLK_T_IN, &iter,
					   sector << MVBLK_SECTOR_SHIFT, len);
		ret = store->read(q, &iter, sector << MVBLK_SECTOR_SHIFT, len);
		if (!ret)
			q->filled = len;
		return ret;
	}
	mdev_vq_iter_out(&iter, chain);
	mdev_vq_iter_skip(&iter, sizeof(struct virtio_blk_outhdr));
	if (store->prepare)
		return mvblk_begin(q, VIRTIO_BLK_T_OUT, &iter,
				   sector << MVBLK_SECTOR_SHIFT, len);
	return store->write(q, &iter, sector << MVBLK_SECTOR_SHIFT, len);
}

/* Check ranges to discard or to write zeroes to. */
static int mvblk_check_ranges(const struct mvblk *blk,
			      const struct virtio_blk_discard_write_zeroes *seg,
			      unsigned int nr, bool zero)
{
	u32 max = zero ? MVBLK_MAX_ZERO : MVBLK_MAX_DISCARD;
	/* Section 5.2.6.2: only a request to write zeroes may ask to unmap. */
	u32 known = zero ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0;
	unsigned int i;
	u32 sectors;

	for (i = 0; i < nr; i++)
		if (le32_to_cpu(seg[i].flags) & ~known)
			return -EOPNOTSUPP;

	for (i = 0; i < nr; i++) {
		sectors = le32_to_cpu(seg[i].num_sectors);
		if (sectors > max ||
		    !mvblk_in_range(blk, le64_to_cpu(seg[i].sector), sectors))
			return -EIO;
	}
	return 0;
}

/* In a section: begin a request of checked ranges that is done by and by. */
static int
mvblk_begin_ranges(struct mvblk_queue *q, u32 type,
		   const struct virtio_blk_discard_write_zeroes *seg,
		   unsigned int nr)
{
	struct mvblk_req *req = q->req;
	unsigned int i;

	req->nr_ranges = nr - 1;
	for (i = 1; i < nr; i++)
		req->sectors += le32_to_cpu(seg[i].num_sectors);
	if (nr > 1) {
		/* It is given back until another one has ended. */
		if (!req->large && !mvblk_req_get_large(req))
			return -EAGAIN;
		memcpy(req->large->ranges, seg + 1, (nr - 1) * sizeof(*seg));
	}
	req->unmap = le32_to_cpu(seg->flags) &
		     VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP;
	return mvblk_begin(q, type, NULL,
			   le64_to_cpu(seg->sector) << MVBLK_SECTOR_SHIFT,
			   (u64)le32_to_cpu(seg->num_sectors) <<
			   MVBLK_SECTOR_SHIFT);
}

/* In a section: discard, erase or write zeroes. */
static int mvblk_ranges(struct mvblk_queue *q, u32 type)
{
	struct virtio_blk_discard_write_zeroes seg[MVBLK_MAX_DISCARD_SEG];
	bool zero = type == VIRTIO_BLK_T_WRITE_ZEROES;
	unsigned int nr, i, max = zero ? MVBLK_MAX_ZERO_SEG :
					 MVBLK_MAX_DISCARD_SEG;
	const struct mvblk_store_ops *store = q->store;
	const struct mdev_vq_chain *chain = &q->chain;
	struct mdev_vq_iter iter;
	u64 pos, bytes;
	u32 len;
	int ret;

	/* The time depends on the number of pages: too long for a kick. */
	if (q->atomic)
		return -EAGAIN;

	len = chain->out_len - sizeof(struct virtio_blk_outhdr);
	nr = len / sizeof(seg[0]);
	if (chain->in_len != sizeof(u8) || len % sizeof(seg[0]) || !nr ||
	    nr > max)
		return -EIO;

	mdev_vq_iter_out(&iter, chain);
	mdev_vq_iter_skip(&iter, sizeof(struct virtio_blk_outhdr));
	ret = mdev_vq_section_read(&q->section, &iter, seg, nr * sizeof(seg[0]));
	if (ret)
		return ret;
	ret = mvblk_check_ranges(q->blk, seg, nr, zero);
	if (ret)
		return ret;
	if (store->prepare)
		return mvblk_begin_ranges(q, type, seg, nr);
	if (type == VIRTIO_BLK_T_SECURE_ERASE)
		return -EOPNOTSUPP;

	mdev_vq_section_leave(&q->section);
	for (i = 0; i < nr && !ret; i++) {
		pos = le64_to_cpu(seg[i].sector) << MVBLK_SECTOR_SHIFT;
		bytes = (u64)le32_to_cpu(seg[i].num_sectors) <<
			MVBLK_SECTOR_SHIFT;
		if (!bytes)
			continue;
		/* A request of a few bytes may take long, so count the range. */
		q->cost += bytes;
		if (zero)
			ret = store->zero(q, pos, bytes,
					  le32_to_cpu(seg[i].flags) &
					  VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
		else
			ret = store->discard(q, pos, bytes);
		/* Whoever stops the queue does not wait for the other ranges. */
		if (!ret && i + 1 < nr && !mdev_vq_is_live(q->vq))
			ret = -EAGAIN;
	}
	return mdev_vq_section_enter(&q->section) ?: ret;
}

/* In a section. */
static int mvblk_flush(struct mvblk_queue *q)
{
	/* Nothing in RAM is persistent. */
	if (mvblk_in_ram(q->blk))
		return 0;
	return mvblk_begin(q, VIRTIO_BLK_T_FLUSH, NULL, 0, 0);
}

/* In a section: the serial number. */
static int mvblk_get_id(struct mvblk_queue *q)
{
	char serial[VIRTIO_BLK_ID_BYTES];
	struct mdev_vq_iter iter;
	int ret;

	/* Section 5.2.6.1: the buffer has exactly that many bytes. */
	if (q->chain.in_len != sizeof(serial) + sizeof(u8))
		return -EIO;
	mvblk_get_serial(q->blk, serial);
	mdev_vq_iter_in(&iter, &q->chain);
	ret = mdev_vq_section_write(&q->section, &iter, serial, sizeof(serial));
	if (!ret)
		q->filled = sizeof(serial);
	return ret;
}

/* Was @feature negotiated?  May the request be done, if it @changes data? */
static int mvblk_allowed(const struct mvblk *blk, unsigned int feature,
			 bool changes)
{
	if (feature && !mvblk_has(blk, feature))
		return -EOPNOTSUPP;
	/* Section 5.2.6.2 */
	if (changes && blk->read_only)
		return -EIO;
	return 0;
}

/* In a section: do what a request asks for.  0 or an error, see mvblk_status(). */
static int mvblk_do(struct mvblk_queue *q, u32 type, u64 sector)
{
	int ret;

	switch (type) {
	case VIRTIO_BLK_T_IN:
		return mvblk_data(q, sector, false);
	case VIRTIO_BLK_T_OUT:
		ret = mvblk_allowed(q->blk, 0, true);
		return ret ?: mvblk_data(q, sector, true);
	case VIRTIO_BLK_T_FLUSH:
		ret = mvblk_allowed(q->blk, VIRTIO_BLK_F_FLUSH, false);
		return ret ?: mvblk_flush(q);
	case VIRTIO_BLK_T_GET_ID:
		return mvblk_get_id(q);
	case VIRTIO_BLK_T_DISCARD:
		ret = mvblk_allowed(q->blk, VIRTIO_BLK_F_DISCARD, true);
		return ret ?: mvblk_ranges(q, type);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		ret = mvblk_allowed(q->blk, VIRTIO_BLK_F_WRITE_ZEROES, true);
		return ret ?: mvblk_ranges(q, type);
	case VIRTIO_BLK_T_SECURE_ERASE:
		ret = mvblk_allowed(q->blk, VIRTIO_BLK_F_SECURE_ERASE, true);
		return ret ?: mvblk_ranges(q, type);
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * mvblk_serve() - do what a request asks for
 * @q: the queue, in a section; the request is @q->chain
 *
 * Context: as the caller.
 * Return: 0 or an error, see mvblk_status(); MVBLK_SUBMIT or MVBLK_WAIT.
 */
int mvblk_serve(struct mvblk_queue *q)
{
	struct virtio_blk_outhdr hdr;
	int ret;

	q->filled = 0;
	if (!q->chain.in_len) {
		mdev_vq_break(q->vq, "a request without room for its status");
		return -EPROTO;
	}
	if (unlikely(q->chain.out_len < sizeof(hdr)))
		return -EIO;
	ret = mvblk_get_header(q, &hdr);
	if (ret)
		return ret;
	return mvblk_do(q, le32_to_cpu((__force __le32)hdr.type),
			le64_to_cpu((__force __le64)hdr.sector));
}

/*
 * In a section: one request.  Returns MVBLK_DONE; MVBLK_EMPTY if there is none;
 * -EAGAIN if it needs a caller that may sleep, or has to wait for the next start;
 * -EPROTO if the queue broke.  Unless MVBLK_DONE is returned, the chain has been
 * given back.
 */
static int mvblk_request(struct mvblk_queue *q)
{
	struct mdev_vq_chain *chain = &q->chain;
	u8 status;
	int ret;

	ret = mdev_vq_section_pop(&q->section, q->vq, chain);
	if (ret <= 0)
		return ret;

	ret = mvblk_serve(q);
	ret = mvblk_status(ret);
	if (unlikely(ret < 0))
		goto unpop;

	status = ret;
	ret = mvblk_put_status(q, chain, status);
	if (ret)
		goto unpop;
	if (status != VIRTIO_BLK_S_OK)
		mdev_vq_count(q->vq, 0, 1);
	mdev_vq_push(q->vq, chain, mvblk_used_len(q));
	return MVBLK_DONE;

unpop:
	mdev_vq_unpop(q->vq, chain);
	return ret;
}

/*
 * In a section: between two requests.  Returns false if there are to be no more in
 * this run, because the queue broke or is being stopped.
 */
static bool mvblk_pause(struct mvblk_queue *q)
{
	if (q->served % MVBLK_SECTION_REQUESTS)
		return mdev_vq_is_live(q->vq);
	/* Somebody may be waiting to unmap. */
	mdev_vq_section_leave(&q->section);
	return !mdev_vq_section_enter(&q->section) && mdev_vq_is_live(q->vq);
}

/**
 * mvblk_run() - serve a queue
 * @q: the queue, claimed, its turn the caller's; @q->served is 0 and counts the
 *	requests
 * @atomic: do not sleep; the driver's memory is direct
 *
 * Context: process context; if @atomic, process or softirq context with
 * interrupts on.
 * Return: true if there may be more to do at once, which, if @atomic, needs a
 * caller that may sleep; false if the driver will kick when there is more.
 */
bool mvblk_run(struct mvblk_queue *q, bool atomic)
{
	bool signal = false, more = false;
	int ret = -EPROTO;

	q->cost = 0;
	q->atomic = atomic;
	q->req = NULL;
	q->chain.segs = q->segs;
	q->chain.max_segs = MDEV_VQ_MAX_SEGS;

	if (!mdev_vq_section_enter(&q->section)) {
		mdev_vq_disable_notify(q->vq);
		do {
			ret = mvblk_request(q);
			if (ret != MVBLK_DONE)
				break;
			q->cost += mdev_vq_chain_cost(&q->chain);
			q->served++;
			if (q->served == MVBLK_BUDGET ||
			    q->cost > MVBLK_BUDGET_BYTES)
				break;
		} while (mvblk_pause(q));

		mdev_vq_publish(q->vq);
		signal = mdev_vq_need_signal(q->vq);
		if (ret == MVBLK_DONE || ret == -EAGAIN)
			more = true;
		else if (ret == MVBLK_EMPTY)
			more = mdev_vq_enable_notify(q->vq);
	}
	mdev_vq_section_leave(&q->section);

	if (signal)
		mdev_vq_signal(q->vq);
	return more;
}
