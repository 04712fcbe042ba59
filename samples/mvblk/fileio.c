// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: requests to a file.
 *
 * A read or write is either direct, and then ends by an interrupt, or goes through the
 * page cache.  The queue's worker begins it if that needs no wait, and else leaves it to
 * a helper, see helper.c.  What a file system refuses to do directly, and what it has
 * done only a part of, goes through the page cache.
 *
 * What can only wait, as a flush, is left to a helper from the start.  A file system in
 * memory makes nobody wait, so there the worker does all by itself.
 *
 * A write is in the file, for all that read it, when it has ended, and a flush begins
 * after it was taken.  So a flush covers all writes that had ended before.
 */

#include <linux/backing-dev.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "helper.h"
#include "mvblk.h"
#include "req.h"

/* How a step is done; &mvblk_req.way.  If one way does not do, a later one may. */
enum {
	MVBLK_FILE_ANY,
	MVBLK_FILE_DIRECT,		/* if it need not wait to begin */
	MVBLK_FILE_DIRECT_WAIT,
	MVBLK_FILE_CACHED,		/* if all is in the page cache */
	MVBLK_FILE_CACHED_WAIT,
};

/* The result of a step that is to be done in another way, or once more */
#define MVBLK_FILE_AGAIN	(-EAGAIN)

/*
 * Bytes that are discarded or zeroed in one step, because a disk may take long for
 * that.
 */
#define MVBLK_FILE_CHUNK	SZ_32M

/* What mvblk_file_begin() changed in the task */
struct mvblk_file_task {
	unsigned int noio;
	unsigned int flags;
};

/*
 * The file system's allocations must not start I/O to free memory, because that may
 * be I/O to a device that waits for this one.  For the same reason, dirty pages of
 * such devices must not throttle the writes of this task.
 */
static struct mvblk_file_task mvblk_file_begin(void)
{
	struct mvblk_file_task task = {
		.noio = memalloc_noio_save(),
		.flags = current->flags & PF_LOCAL_THROTTLE,
	};

	current->flags |= PF_LOCAL_THROTTLE;
	return task;
}

static void mvblk_file_end(struct mvblk_file_task task)
{
	if (!task.flags)
		current->flags &= ~PF_LOCAL_THROTTLE;
	memalloc_noio_restore(task.noio);
}

static struct mvblk_backing *mvblk_file_backing(const struct mvblk_req *req)
{
	/* Pairs with smp_store_release() in mvblk_file_attach() */
	return smp_load_acquire(&req->q->blk->backing);
}

/* From mvblk_file_prepare() on, also when the queue is gone */
static struct file *mvblk_file_of(const struct mvblk_req *req)
{
	return req->iocb.ki_filp;
}

static bool mvblk_file_is_write(const struct mvblk_req *req)
{
	return req->type == VIRTIO_BLK_T_OUT;
}

/* Whether nobody ever waits for a disk there */
static bool mvblk_file_in_memory(const struct file *file)
{
	return file_inode(file)->i_sb->s_bdi == &noop_backing_dev_info;
}

/*
 * Whether the system has begun to swap to the file since it was attached.  The
 * file then has memory of other programs, which the driver must not see, and file
 * systems do not expect anybody else to write to it.
 */
static bool mvblk_file_is_swap(const struct file *file)
{
	return IS_SWAPFILE(file_inode(file));
}

/* ---- how a step ends ---- */

static const char *mvblk_file_what(const struct mvblk_req *req)
{
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
		return "read";
	case VIRTIO_BLK_T_OUT:
		return "write";
	case VIRTIO_BLK_T_FLUSH:
		return "flush";
	case VIRTIO_BLK_T_DISCARD:
		return "discard a range of";
	default:
		return "zero a range of";
	}
}

/* Any context; the caller does not use the request any more. */
static void mvblk_file_ends(struct mvblk_req *req, int ret)
{
	mvblk_payload_unmap(req);
	mvblk_req_end(req, ret);
}

/* Whether another way to do it may be without the error */
static bool mvblk_file_is_refused(ssize_t ret)
{
	return ret == -EAGAIN || ret == -EOPNOTSUPP || ret == -EINVAL ||
	       ret == -ENOTBLK;
}

/*
 * The step has come to @ret bytes, or an error.  A part of it may be the end of the
 * file, or of the pages in the cache: the last way tells.
 */
static int mvblk_file_result(const struct mvblk_req *req, ssize_t ret)
{
	if (ret == req->step)
		return 0;
	if (ret >= 0 || mvblk_file_is_refused(ret))
		return MVBLK_FILE_AGAIN;
	return ret;
}

/* ---- reads and writes ---- */

/* Any context */
static void mvblk_file_complete(struct kiocb *iocb, long ret)
{
	struct mvblk_req *req = container_of(iocb, struct mvblk_req, iocb);
	int result = mvblk_file_result(req, ret);

	if (mvblk_file_is_write(req))
		kiocb_end_write(iocb);
	if (result == MVBLK_FILE_AGAIN)
		req->way = req->way == MVBLK_FILE_DIRECT ?
			   MVBLK_FILE_DIRECT_WAIT : MVBLK_FILE_CACHED_WAIT;
	mvblk_file_ends(req, result);
}

/* Read or write what begins @done bytes after the beginning of the step. */
static ssize_t mvblk_file_call(struct mvblk_req *req, u32 done, int flags)
{
	struct file *file = mvblk_file_of(req);
	bool write = mvblk_file_is_write(req);
	struct kiocb *iocb = &req->iocb;
	struct iov_iter iter;

	iov_iter_bvec(&iter, write ? ITER_SOURCE : ITER_DEST, req->bvec,
		      req->nr_vecs, req->step);
	iov_iter_advance(&iter, done);
	init_sync_kiocb(iocb, file);
	iocb->ki_pos = req->pos + done;
	iocb->ki_flags |= flags;
	if (write && req->dsync)
		iocb->ki_flags |= IOCB_DSYNC;
	if (flags & IOCB_DIRECT)
		iocb->ki_complete = mvblk_file_complete;
	return write ? file->f_op->write_iter(iocb, &iter) :
		       file->f_op->read_iter(iocb, &iter);
}

/*
 * The file system is not frozen until the write has ended, which may be in another
 * context.
 */
static bool mvblk_file_start_write(struct mvblk_req *req, bool wait)
{
	struct super_block *sb = file_inode(mvblk_file_of(req))->i_sb;

	if (wait) {
		kiocb_start_write(&req->iocb);
		return true;
	}
	if (!sb_start_write_trylock(sb))
		return false;
	/* As kiocb_start_write(), for lockdep */
	__sb_writers_release(sb, SB_FREEZE_WRITE);
	return true;
}

/*
 * Try a step once.  Returns MVBLK_FILE_AGAIN if it has to be done in another way; else
 * it is in progress, or has ended.
 */
static int mvblk_file_try(struct mvblk_req *req, int flags)
{
	bool write = mvblk_file_is_write(req);
	ssize_t ret;
	int result;

	if (mvblk_file_is_swap(mvblk_file_of(req))) {
		mvblk_file_ends(req, -ETXTBSY);
		return 0;
	}
	if (write && !mvblk_file_start_write(req, !(flags & IOCB_NOWAIT)))
		return MVBLK_FILE_AGAIN;
	ret = mvblk_file_call(req, 0, flags);
	/* It may be gone. */
	if (ret == -EIOCBQUEUED)
		return 0;
	if (write)
		kiocb_end_write(&req->iocb);
	result = mvblk_file_result(req, ret);
	if (result != MVBLK_FILE_AGAIN)
		mvblk_file_ends(req, result);
	return result == MVBLK_FILE_AGAIN ? result : 0;
}

/* Through the page cache, all of it or an error */
static int mvblk_file_all(struct mvblk_req *req)
{
	bool write = mvblk_file_is_write(req);
	struct file *file = mvblk_file_of(req);
	ssize_t ret = 0;
	u32 done;

	for (done = 0; done < req->step; done += ret) {
		if (mvblk_file_is_swap(file))
			return -ETXTBSY;
		if (write)
			mvblk_file_start_write(req, true);
		ret = mvblk_file_call(req, done, 0);
		if (write)
			kiocb_end_write(&req->iocb);
		/* Somebody may have made it shorter. */
		if (ret <= 0)
			return ret ?: write ? -ENOSPC : -ENODATA;
		cond_resched();
	}
	return 0;
}

/* ---- what can only wait ---- */

static int mvblk_file_zeroes(struct mvblk_req *req)
{
	struct file *file = mvblk_file_of(req);
	loff_t at = req->pos, end = at + req->step;
	ssize_t n;

	while (at < end) {
		n = min_t(u64, end - at, PAGE_SIZE);
		n = kernel_write(file, page_address(ZERO_PAGE(0)), n, &at);
		if (n <= 0)
			return n ?: -ENOSPC;
		cond_resched();
	}
	return 0;
}

static int mvblk_file_ranges(struct mvblk_req *req)
{
	bool zero = req->type == VIRTIO_BLK_T_WRITE_ZEROES;
	int mode = zero && !req->unmap ? FALLOC_FL_ZERO_RANGE :
					 FALLOC_FL_PUNCH_HOLE;
	struct file *file = mvblk_file_of(req);
	int ret;

	if (!req->step)
		return 0;
	if (mvblk_file_is_swap(file))
		return -ETXTBSY;
	ret = vfs_fallocate(file, mode | FALLOC_FL_KEEP_SIZE, req->pos,
			    req->step);
	if (ret == -EOPNOTSUPP || ret == -EINVAL) {
		/* The file system or the disk lacks it; a discard is only a hint. */
		if (!zero)
			return 0;
		ret = mvblk_file_zeroes(req);
	}
	if (!ret && zero && req->dsync)
		ret = vfs_fsync_range(file, req->pos, req->pos + req->step - 1,
				      1);
	return ret;
}

/* ---- before a step ---- */

/* One message for each file is enough. */
static void mvblk_file_say_cached(const struct mvblk_req *req, const char *why)
{
	struct mvblk_backing *backing = mvblk_file_backing(req);

	if (!test_and_set_bit(MVBLK_BACKING_CACHED, &backing->flags))
		dev_warn(&req->q->blk->soft.cdev->dev,
			 "not all I/O to %s is direct, some goes through the page cache: %s\n",
			 backing->path, why);
}

static bool mvblk_file_can_direct(const struct mvblk_req *req)
{
	const struct mvblk_backing *backing = mvblk_file_backing(req);

	if (!READ_ONCE(req->q->blk->direct))
		return false;
	if (!backing->dio_block) {
		mvblk_file_say_cached(req, "the file system does not do it");
		return false;
	}
	if ((req->pos | req->rest) & (backing->dio_block - 1)) {
		mvblk_file_say_cached(req, "requests are smaller than its blocks");
		return false;
	}
	return true;
}

static int mvblk_file_prepare_data(struct mvblk_req *req)
{
	const struct mvblk_backing *backing = mvblk_file_backing(req);

	if (req->way == MVBLK_FILE_ANY)
		req->way = mvblk_file_can_direct(req) ? MVBLK_FILE_DIRECT :
							MVBLK_FILE_CACHED;
	if (req->way <= MVBLK_FILE_DIRECT_WAIT)
		return mvblk_payload_map(req, backing->dio_align,
					 backing->dio_block);
	return mvblk_payload_map(req, 0, 1);
}

static int mvblk_file_prepare(struct mvblk_req *req)
{
	struct mvblk_backing *backing = mvblk_file_backing(req);

	/* Without a file every range is beyond the end, and nothing was written. */
	if (!backing)
		return 0;
	req->iocb.ki_filp = backing->file;
	req->dsync = !mvblk_writeback(req->q->blk);
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		return mvblk_file_prepare_data(req);
	case VIRTIO_BLK_T_FLUSH:
		return MVBLK_SUBMIT;
	case VIRTIO_BLK_T_SECURE_ERASE:
		return -EOPNOTSUPP;
	default:
		if (!mvblk_req_next_range(req))
			return 0;
		req->step = min_t(u64, req->rest, MVBLK_FILE_CHUNK);
		return MVBLK_SUBMIT;
	}
}

/* ---- a step ---- */

static int mvblk_file_do(struct mvblk_req *req)
{
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		return mvblk_file_all(req);
	case VIRTIO_BLK_T_FLUSH:
		return vfs_fsync(mvblk_file_of(req), 1);
	default:
		return mvblk_file_ranges(req);
	}
}

static bool mvblk_file_is_direct(const struct mvblk_req *req)
{
	return req->way == MVBLK_FILE_DIRECT ||
	       req->way == MVBLK_FILE_DIRECT_WAIT;
}

/**
 * mvblk_file_serve() - do a step, and wait as long as it takes
 * @req: the request
 *
 * Context: a helper of the queue, or its worker.  The queue may go meanwhile.
 */
void mvblk_file_serve(struct mvblk_req *req)
{
	struct mvblk_file_task task = mvblk_file_begin();
	int ret;

	if (mvblk_file_is_direct(req)) {
		/* If it ends with a part done, it is not tried in this way again. */
		req->way = MVBLK_FILE_DIRECT_WAIT;
		if (!mvblk_file_try(req, IOCB_DIRECT))
			goto out;
		req->refused = true;
		req->way = MVBLK_FILE_CACHED_WAIT;
	}
	ret = mvblk_file_do(req);
	/* Somebody wants this thread to leave, and not the request to fail. */
	if (ret && fatal_signal_pending(current))
		ret = MVBLK_FILE_AGAIN;
	mvblk_file_ends(req, ret);
out:
	mvblk_file_end(task);
}

/* Whether it is begun or done without a wait; what has to wait is left to a helper. */
static bool mvblk_file_submit_nowait(struct mvblk_req *req)
{
	if (!(mvblk_file_of(req)->f_mode & FMODE_NOWAIT))
		return false;
	if (req->way == MVBLK_FILE_DIRECT)
		return !mvblk_file_try(req, IOCB_NOWAIT | IOCB_DIRECT);
	/* Few file systems write to the page cache without a wait. */
	if (req->way == MVBLK_FILE_CACHED && req->type == VIRTIO_BLK_T_IN)
		return !mvblk_file_try(req, IOCB_NOWAIT);
	return false;
}

/* In the queue's worker, which has seen to what mvblk_file_begin() does. */
static void mvblk_file_submit(struct mvblk_req *req)
{
	/* With a signal pending nothing may be done for as long as this work lasts. */
	if (mvblk_file_in_memory(mvblk_file_of(req)) &&
	    !fatal_signal_pending(current))
		mvblk_file_serve(req);
	else if (!mvblk_file_submit_nowait(req))
		mvblk_help(req);
}

/* ---- after a step ---- */

static int mvblk_file_error(const struct mvblk_req *req, int error)
{
	const struct mvblk *blk = req->q->blk;

	if (!READ_ONCE(blk->stopping))
		dev_err_ratelimited(&blk->soft.cdev->dev,
				    "cannot %s the backing file at byte %llu: %pe\n",
				    mvblk_file_what(req),
				    (unsigned long long)req->pos,
				    ERR_PTR(error));
	return -EIO;
}

static int mvblk_file_range_ended(struct mvblk_req *req)
{
	req->pos += req->step;
	req->rest -= req->step;
	req->step = 0;
	/* Whoever stops the queue does not wait for the other ranges. */
	if (req->type == VIRTIO_BLK_T_DISCARD && !mdev_vq_is_live(req->q->vq))
		return 0;
	return req->rest || req->range < req->nr_ranges ? MVBLK_SUBMIT : 0;
}

static int mvblk_file_ended(struct mvblk_req *req)
{
	int ret = req->result;

	if (req->refused)
		mvblk_file_say_cached(req, "the file system refuses it");
	req->refused = false;
	/* Whoever resets the device has no use for the request. */
	if (ret == MVBLK_FILE_AGAIN && !READ_ONCE(req->q->blk->stopping)) {
		mvblk_payload_put_bounce(req);
		return MVBLK_SUBMIT;
	}

	req->way = MVBLK_FILE_ANY;
	if (ret)
		req->result = mvblk_file_error(req, ret);
	switch (req->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		return mvblk_payload_end(req);
	case VIRTIO_BLK_T_FLUSH:
		return req->result;
	default:
		return req->result ?: mvblk_file_range_ended(req);
	}
}

const struct mvblk_store_ops mvblk_file_ops = {
	.prepare = mvblk_file_prepare,
	.submit = mvblk_file_submit,
	.ended = mvblk_file_ended,
};
