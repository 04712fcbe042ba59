// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: sectors on a block device.
 *
 * Requests become bios with the driver's own pages.  The page cache of the device is
 * not used.  Others may have the device open besides, though not exclusively, and what
 * they read and write by the page cache agrees with what the driver sees as far as it
 * does for direct I/O.
 */

#include <linux/bio.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "mvblk.h"
#include "req.h"

static struct mvblk_backing *mvblk_bdev_backing(const struct mvblk_req *req)
{
	/* Requests are begun only after it was set, and it stays while they are. */
	return READ_ONCE(req->q->blk->backing);
}

/* What a request is called in messages */
static const char *mvblk_bdev_verb(const struct mvblk_req *req)
{
	if (req->flushing)
		return "flush";
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		return "read";
	case VIRTIO_BLK_T_OUT:
		return "write";
	case VIRTIO_BLK_T_DISCARD:
		return "discard a range of";
	case VIRTIO_BLK_T_SECURE_ERASE:
		return "erase a range of";
	default:
		return "zero a range of";
	}
}

static int mvblk_bdev_error(const struct mvblk_req *req, int error)
{
	struct mvblk_backing *backing = mvblk_bdev_backing(req);
	struct device *dev = &req->q->blk->soft.cdev->dev;

	/* All further requests fail, too. */
	if (!bdev_nr_bytes(backing->bdev)) {
		if (!test_and_set_bit(MVBLK_BACKING_GONE, &backing->flags))
			dev_err(dev, MVBLK_GONE_MESSAGE, backing->path);
		return -EIO;
	}
	dev_err_ratelimited(dev, "cannot %s %s at byte %llu: %pe\n",
			    mvblk_bdev_verb(req), backing->path,
			    (unsigned long long)req->pos, ERR_PTR(error));
	return -EIO;
}

/* Whether a bio says that the device lacks the operation */
static bool mvblk_bdev_unable(int error)
{
	return error == -EOPNOTSUPP || error == -EREMOTEIO;
}

/* ---- before a step ---- */

/* A discard is a hint: leave out blocks that are not within the range as a whole. */
static void mvblk_bdev_round(struct mvblk_req *req, unsigned int block)
{
	u64 end = round_down(req->pos + req->rest, block);

	req->pos = round_up(req->pos, block);
	req->rest = end > req->pos ? end - req->pos : 0;
}

static int mvblk_bdev_prepare_range(struct mvblk_req *req, unsigned int block)
{
	do {
		if (!mvblk_req_next_range(req))
			return 0;
		if (req->type == VIRTIO_BLK_T_DISCARD)
			mvblk_bdev_round(req, block);
	} while (!req->rest);

	if ((req->pos | req->rest) & (block - 1))
		return mvblk_bdev_error(req, -EINVAL);
	req->step = req->rest;
	if (req->by_pages)
		req->step = min_t(u64, req->rest, MVBLK_REQ_VECS * PAGE_SIZE);
	return MVBLK_SUBMIT;
}

static int mvblk_bdev_prepare(struct mvblk_req *req)
{
	struct block_device *bdev = mvblk_bdev_backing(req)->bdev;
	unsigned int block = bdev_logical_block_size(bdev);

	switch (req->type) {
	case VIRTIO_BLK_T_FLUSH:
		req->flushing = true;
		return MVBLK_SUBMIT;
	case VIRTIO_BLK_T_OUT:
		/* Somebody may have made it read-only since. */
		if (bdev_read_only(bdev))
			return mvblk_bdev_error(req, -EROFS);
		fallthrough;
	case VIRTIO_BLK_T_IN:
		if ((req->pos | req->rest) & (block - 1))
			return mvblk_bdev_error(req, -EINVAL);
		return mvblk_payload_map(req, bdev_dma_alignment(bdev), block);
	default:
		if (req->flushing)
			return MVBLK_SUBMIT;
		if (bdev_read_only(bdev))
			return mvblk_bdev_error(req, -EROFS);
		return mvblk_bdev_prepare_range(req, block);
	}
}

/* ---- a step ---- */

static void mvblk_bdev_end_io(struct bio *bio)
{
	struct mvblk_req *req = bio->bi_private;
	int result = blk_status_to_errno(bio->bi_status);

	req->again = bio->bi_status == BLK_STS_AGAIN && bio->bi_opf & REQ_NOWAIT;
	bio_uninit(bio);
	if (!req->again)
		mvblk_payload_unmap(req);
	mvblk_req_end(req, result);
}

/* Zeroes that the device cannot write by itself */
static void mvblk_bdev_add_zeroes(struct mvblk_req *req)
{
	u32 rest = req->step, n;

	req->bvec = req->vecs;
	for (req->nr_vecs = 0; rest; rest -= n) {
		n = min_t(u32, rest, PAGE_SIZE);
		bvec_set_page(&req->vecs[req->nr_vecs++], ZERO_PAGE(0), n, 0);
	}
}

static blk_opf_t mvblk_bdev_opf(struct mvblk_req *req)
{
	blk_opf_t write = REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;

	/* The block layer flushes where the device has no such writes. */
	if (!mvblk_writeback(req->q->blk))
		write |= REQ_FUA;
	if (req->flushing)
		return REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC;
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		return REQ_OP_READ | REQ_SYNC;
	case VIRTIO_BLK_T_OUT:
		return write;
	case VIRTIO_BLK_T_DISCARD:
		return REQ_OP_DISCARD;
	case VIRTIO_BLK_T_SECURE_ERASE:
		return REQ_OP_SECURE_ERASE;
	default:
		if (req->by_pages)
			return write;
		return REQ_OP_WRITE_ZEROES |
		       (req->unmap ? 0 : REQ_NOUNMAP);
	}
}

/* Outside of any section: agree with others that use the page cache of the device. */
static int mvblk_bdev_sync_cache(struct mvblk_req *req,
				 struct address_space *mapping)
{
	u64 last = req->pos + req->step - 1;
	int ret;

	ret = filemap_write_and_wait_range(mapping, req->pos, last);
	/* If others use it at the same time they get what they deserve. */
	if (!ret && req->type != VIRTIO_BLK_T_IN)
		invalidate_inode_pages2_range(mapping, req->pos >> PAGE_SHIFT,
					      last >> PAGE_SHIFT);
	return ret;
}

static void mvblk_bdev_init_bio(struct mvblk_req *req,
				struct block_device *bdev, blk_opf_t opf)
{
	struct bio *bio = &req->bio;

	bio_init(bio, bdev, req->bvec, req->nr_vecs, opf);
	if (!req->flushing) {
		bio->bi_iter.bi_sector = req->pos >> MVBLK_SECTOR_SHIFT;
		bio->bi_iter.bi_size = req->step;
		bio->bi_vcnt = req->nr_vecs;
	}
	bio->bi_private = req;
	bio->bi_end_io = mvblk_bdev_end_io;
}

/* ---- a step, without waiting ---- */

/* Whether a step needs neither to be split nor a flush, and its result is not cached */
static bool mvblk_bdev_is_simple(const struct mvblk_req *req,
				 const struct mvblk_backing *backing)
{
	if (req->type != VIRTIO_BLK_T_IN &&
	    (req->type != VIRTIO_BLK_T_OUT || !mvblk_writeback(req->q->blk)))
		return false;
	return !READ_ONCE(backing->file->f_mapping->nrpages);
}

/* A request within a page, and within the device, is never split. */
static bool mvblk_bdev_is_small(const struct mvblk_req *req,
				struct block_device *bdev)
{
	return req->nr_vecs == 1 &&
	       req->bvec->bv_offset + req->step <= PAGE_SIZE &&
	       req->pos + req->step <= bdev_nr_bytes(bdev);
}

/*
 * A bio cannot be submitted in atomic context, but a request can be handed to the disk
 * there, as request-based device mapper does.  That leaves out what the block layer does
 * with bios: their limits for control groups, which the kernel's own drivers are not
 * subject to; and an I/O scheduler, so there must be none.
 */
static bool mvblk_bdev_issue(struct mvblk_req *req,
			     const struct mvblk_backing *backing)
{
	struct block_device *bdev = backing->bdev;
	struct request_queue *queue = bdev_get_queue(bdev);
	blk_opf_t opf = mvblk_bdev_opf(req);
	struct bio *bio = &req->bio;
	struct request *rq;

	/* A kernel without device mapper has no function for that. */
	if (!IS_ENABLED(CONFIG_BLK_MQ_STACKING))
		return false;
	if (!backing->plain || READ_ONCE(queue->elevator) ||
	    !mvblk_bdev_is_small(req, bdev))
		return false;
	rq = blk_mq_alloc_request(queue, opf, BLK_MQ_REQ_NOWAIT);
	if (IS_ERR(rq))
		return false;
	mvblk_bdev_init_bio(req, bdev, opf);
	bio->bi_iter.bi_sector += bdev->bd_start_sect;
	rq->__sector = bio->bi_iter.bi_sector;
	rq->__data_len = req->step;
	rq->bio = bio;
	rq->biotail = bio;
	rq->nr_phys_segments = 1;
	/* While there is a request a scheduler cannot come. */
	if (!READ_ONCE(queue->elevator) && !blk_insert_cloned_request(rq))
		return true;
	blk_mq_free_request(rq);
	bio_uninit(bio);
	return false;
}

static bool mvblk_bdev_submit_now(struct mvblk_req *req)
{
	struct mvblk_backing *backing = mvblk_bdev_backing(req);

	if (!mvblk_bdev_is_simple(req, backing))
		return false;
	if (req->q->atomic)
		return mvblk_bdev_issue(req, backing);
	if (!backing->nowait)
		return false;
	mvblk_bdev_init_bio(req, backing->bdev,
			    mvblk_bdev_opf(req) | REQ_NOWAIT);
	submit_bio(&req->bio);
	return true;
}

static void mvblk_bdev_submit(struct mvblk_req *req)
{
	struct mvblk_backing *backing = mvblk_bdev_backing(req);
	struct address_space *mapping = backing->file->f_mapping;
	int ret;

	/*
	 * The kernel's own driver has merged what it could, and its disk has been
	 * through the limits of control groups.
	 */
	if (mdev_vq_mem(req->q->vq)->direct &&
	    mvblk_bdev_is_simple(req, backing) && mvblk_bdev_issue(req, backing))
		return;
	if (unlikely(READ_ONCE(mapping->nrpages)) && !req->flushing) {
		ret = mvblk_bdev_sync_cache(req, mapping);
		if (ret) {
			mvblk_payload_unmap(req);
			mvblk_req_end(req, ret);
			return;
		}
	}
	if (req->by_pages)
		mvblk_bdev_add_zeroes(req);
	mvblk_bdev_init_bio(req, backing->bdev, mvblk_bdev_opf(req));
	submit_bio(&req->bio);
}

/**
 * mvblk_bdev_look() - find out how requests can be handed to a block device
 * @backing: the block device, open
 *
 * Context: process context.
 */
void mvblk_bdev_look(struct mvblk_backing *backing)
{
	struct block_device *bdev = backing->bdev;
	struct request_queue *queue = bdev_get_queue(bdev);

	/* Others may wait whatever they are told. */
	backing->nowait = queue_is_mq(queue) && !bdev->bd_disk->fops->submit_bio &&
			  !(queue->tag_set->flags & BLK_MQ_F_BLOCKING) &&
			  bdev_nowait(bdev);
	backing->plain = backing->nowait && !queue->limits.chunk_sectors &&
			 !blk_get_integrity(bdev->bd_disk);
}

/* ---- after a step ---- */

static int mvblk_bdev_range_ended(struct mvblk_req *req)
{
	int result = req->result;

	if (mvblk_bdev_unable(result)) {
		/* A discard is only a hint. */
		if (req->type == VIRTIO_BLK_T_DISCARD)
			return 0;
		if (req->type == VIRTIO_BLK_T_SECURE_ERASE)
			return -EOPNOTSUPP;
		if (!req->by_pages) {
			req->by_pages = true;
			return MVBLK_SUBMIT;
		}
	}
	if (result)
		return mvblk_bdev_error(req, result);

	req->pos += req->step;
	req->rest -= req->step;
	req->step = 0;
	/* Whoever stops the queue does not wait for the other ranges. */
	if (req->type == VIRTIO_BLK_T_DISCARD && !mdev_vq_is_live(req->q->vq))
		return 0;
	if (req->rest || req->range < req->nr_ranges)
		return MVBLK_SUBMIT;
	/* As a write: the zeroes have to be there. */
	if (req->type != VIRTIO_BLK_T_WRITE_ZEROES || req->by_pages ||
	    mvblk_writeback(req->q->blk))
		return 0;
	req->flushing = true;
	return MVBLK_SUBMIT;
}

static int mvblk_bdev_ended(struct mvblk_req *req)
{
	int ret;

	if (req->flushing)
		return req->result ? mvblk_bdev_error(req, req->result) : 0;
	if (req->type != VIRTIO_BLK_T_IN && req->type != VIRTIO_BLK_T_OUT)
		return mvblk_bdev_range_ended(req);
	ret = mvblk_payload_end(req);
	if (ret && ret == req->result)
		return mvblk_bdev_error(req, ret);
	return ret;
}

/**
 * mvblk_bdev_limits() - what a driver is told of a block device's blocks
 * @bdev: the block device
 * @limits: result
 *
 * The block layer splits what is too large for the device, so there is no limit to the
 * size of requests.
 *
 * Context: process context.
 */
void mvblk_bdev_limits(struct block_device *bdev, struct mvblk_limits *limits)
{
	int offset = bdev_alignment_offset(bdev);

	limits->block = max(bdev_logical_block_size(bdev), mvblk_block_size);
	limits->physical = max(bdev_physical_block_size(bdev), limits->block);
	limits->offset = offset > 0 ? offset / limits->block : 0;
	limits->io_min = bdev_io_min(bdev);
	limits->io_opt = bdev_io_opt(bdev);
	limits->discard = max(bdev_discard_granularity(bdev), limits->block);
}

const struct mvblk_store_ops mvblk_bdev_ops = {
	.prepare = mvblk_bdev_prepare,
	.submit = mvblk_bdev_submit,
	.submit_now = mvblk_bdev_submit_now,
	.ended = mvblk_bdev_ended,
};
