// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: sectors in a file, or in another block device.
 *
 * Only the worker reads and writes the file, and through the page cache.  If the
 * driver's memory is direct, data is copied directly between the two.  Other memory
 * stays in place only during a read section, in which one must not wait for a disk,
 * so its data goes through a buffer.
 */

#include <linux/backing-dev.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "mvblk.h"

/*
 * Bytes that are discarded or zeroed between two checks whether the queue is being
 * stopped, because a disk may take long for that.
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

static int mvblk_file_error(struct mvblk_queue *q, const char *what, u64 pos,
			    int error)
{
	/*
	 * The worker was killed, or the queue is being stopped: the request is
	 * repeated from the start later.
	 */
	if (fatal_signal_pending(current) || !mdev_vq_is_live(q->vq))
		return -EAGAIN;
	dev_err_ratelimited(&q->blk->soft.cdev->dev,
			    "cannot %s the backing file at byte %llu: %pe\n",
			    what, pos, ERR_PTR(error));
	return -EIO;
}

static struct file *mvblk_file_of(struct mvblk *blk)
{
	/* Pairs with smp_store_release() in mvblk_file_attach() */
	struct mvblk_backing *backing = smp_load_acquire(&blk->backing);

	return backing ? backing->file : NULL;
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

/* All of it, or an error */
static int mvblk_file_get(struct mvblk_queue *q, void *buf, size_t len, u64 pos)
{
	struct file *file = mvblk_file_of(q->blk);
	loff_t at = pos;
	ssize_t n;

	while (len) {
		if (mvblk_file_is_swap(file))
			return mvblk_file_error(q, "read", at, -ETXTBSY);
		n = kernel_read(file, buf, len, &at);
		/* Somebody may have made it shorter. */
		if (n <= 0)
			return mvblk_file_error(q, "read", at, n ?: -ENODATA);
		buf += n;
		len -= n;
	}
	return 0;
}

static int mvblk_file_put(struct mvblk_queue *q, const void *buf, size_t len,
			  u64 pos)
{
	struct file *file = mvblk_file_of(q->blk);
	loff_t at = pos;
	ssize_t n;

	while (len) {
		if (mvblk_file_is_swap(file))
			return mvblk_file_error(q, "write", at, -ETXTBSY);
		n = kernel_write(file, buf, len, &at);
		if (n <= 0)
			return mvblk_file_error(q, "write", at, n ?: -ENOSPC);
		buf += n;
		len -= n;
	}
	return 0;
}

/* The address of the iterator in direct memory, and how much of @len is there */
static void *mvblk_file_direct(struct mvblk_queue *q,
			       const struct mdev_vq_iter *iter,
			       unsigned int perm, size_t *len)
{
	void *p = NULL;

	*len = min_t(size_t, *len, iter->seg->len - iter->off);
	if (!mdev_vq_section_enter(&q->section))
		p = mdev_mem_lookup(mdev_vq_mem(q->vq),
				    iter->seg->iova + iter->off, perm, len);
	mdev_vq_section_leave(&q->section);
	return p;
}

/* Outside of any section */
static int mvblk_file_read_some(struct mvblk_queue *q,
				struct mdev_vq_iter *dst, u64 pos, size_t *len)
{
	void *to;
	int ret;

	if (mdev_vq_mem(q->vq)->direct) {
		to = mvblk_file_direct(q, dst, MDEV_MEM_WRITE, len);
		if (!to) {
			mdev_vq_break_at(dst);
			return -EFAULT;
		}
		ret = mvblk_file_get(q, to, *len, pos);
		mdev_vq_iter_skip(dst, *len);
		return ret;
	}

	*len = min_t(size_t, *len, MVBLK_BOUNCE);
	ret = mvblk_file_get(q, q->bounce, *len, pos);
	if (ret)
		return ret;
	ret = mdev_vq_write(mdev_vq_mem(q->vq), dst, q->bounce, *len);
	if (ret)
		mdev_vq_break_at(dst);
	return ret;
}

/* Outside of any section */
static int mvblk_file_write_some(struct mvblk_queue *q,
				 struct mdev_vq_iter *src, u64 pos, size_t *len)
{
	void *from;
	int ret;

	if (mdev_vq_mem(q->vq)->direct) {
		from = mvblk_file_direct(q, src, MDEV_MEM_READ, len);
		if (!from) {
			mdev_vq_break_at(src);
			return -EFAULT;
		}
		ret = mvblk_file_put(q, from, *len, pos);
		mdev_vq_iter_skip(src, *len);
		return ret;
	}

	*len = min_t(size_t, *len, MVBLK_BOUNCE);
	ret = mdev_vq_read(mdev_vq_mem(q->vq), src, q->bounce, *len);
	if (ret) {
		mdev_vq_break_at(src);
		return ret;
	}
	return mvblk_file_put(q, q->bounce, *len, pos);
}

/* In a section, which it leaves for as long as it reads or writes the file. */
static int mvblk_file_rw(struct mvblk_queue *q, struct mdev_vq_iter *iter,
			 u64 pos, size_t len, bool write)
{
	struct mvblk_file_task task;
	int ret = 0;
	size_t n;

	mdev_vq_section_leave(&q->section);
	task = mvblk_file_begin();
	while (len && !ret) {
		n = len;
		if (write)
			ret = mvblk_file_write_some(q, iter, pos, &n);
		else
			ret = mvblk_file_read_some(q, iter, pos, &n);
		pos += n;
		len -= n;
		cond_resched();
		/* Whoever stops the queue does not wait for a long one to end. */
		if (len && !ret && !mdev_vq_is_live(q->vq))
			ret = -EAGAIN;
	}
	mvblk_file_end(task);
	return mdev_vq_section_enter(&q->section) ?: ret;
}

static int mvblk_file_read(struct mvblk_queue *q, struct mdev_vq_iter *dst,
			   u64 pos, u32 len)
{
	return mvblk_file_rw(q, dst, pos, len, false);
}

/* Outside of any section: write a range back, unless the driver will flush. */
static int mvblk_file_written(struct mvblk_queue *q, u64 pos, u64 len)
{
	struct mvblk_file_task task;
	int ret;

	if (mvblk_writeback(q->blk))
		return 0;
	task = mvblk_file_begin();
	ret = vfs_fsync_range(mvblk_file_of(q->blk), pos, pos + len - 1, 1);
	mvblk_file_end(task);
	return ret ? mvblk_file_error(q, "write back", pos, ret) : 0;
}

static int mvblk_file_write(struct mvblk_queue *q, struct mdev_vq_iter *src,
			    u64 pos, u32 len)
{
	int ret = mvblk_file_rw(q, src, pos, len, true);

	if (ret || mvblk_writeback(q->blk))
		return ret;
	mdev_vq_section_leave(&q->section);
	ret = mvblk_file_written(q, pos, len);
	return mdev_vq_section_enter(&q->section) ?: ret;
}

static int mvblk_file_flush(struct mvblk_queue *q)
{
	struct file *file = mvblk_file_of(q->blk);
	struct mvblk_file_task task;
	int ret;

	if (!file)
		return 0;
	task = mvblk_file_begin();
	ret = vfs_fsync(file, 1);
	mvblk_file_end(task);
	return ret ? mvblk_file_error(q, "flush", 0, ret) : 0;
}

/* Whether the error only means that a file system or disk lacks the operation */
static bool mvblk_file_unable(int ret)
{
	return ret == -EOPNOTSUPP || ret == -EINVAL;
}

/* Returns -EINTR, with maybe a part done, if the queue is being stopped. */
static int mvblk_file_allocate(struct mvblk_queue *q, int mode, u64 pos,
			       u64 len)
{
	struct mvblk_file_task task = mvblk_file_begin();
	struct file *file = mvblk_file_of(q->blk);
	int ret = 0;
	u64 n;

	while (len && !ret) {
		n = min_t(u64, len, MVBLK_FILE_CHUNK);
		ret = mvblk_file_is_swap(file) ? -ETXTBSY :
		      vfs_fallocate(file, mode | FALLOC_FL_KEEP_SIZE, pos, n);
		pos += n;
		len -= n;
		cond_resched();
		if (!ret && len && !mdev_vq_is_live(q->vq))
			ret = -EINTR;
	}
	mvblk_file_end(task);
	return ret;
}

static int mvblk_file_discard(struct mvblk_queue *q, u64 pos, u64 len)
{
	int ret = mvblk_file_allocate(q, FALLOC_FL_PUNCH_HOLE, pos, len);

	/* A discard is only a hint. */
	if (!ret || mvblk_file_unable(ret))
		return 0;
	return mvblk_file_error(q, "discard a range of", pos, ret);
}

static int mvblk_file_zero(struct mvblk_queue *q, u64 pos, u64 len, bool unmap)
{
	struct mvblk_file_task task;
	u64 at = pos, rest = len;
	size_t n;
	int ret;

	ret = mvblk_file_allocate(q, unmap ? FALLOC_FL_PUNCH_HOLE :
					     FALLOC_FL_ZERO_RANGE, pos, len);
	if (!ret)
		return mvblk_file_written(q, pos, len);
	if (!mvblk_file_unable(ret))
		return mvblk_file_error(q, "zero a range of", pos, ret);

	/* Write zeroes instead. */
	task = mvblk_file_begin();
	for (ret = 0; rest && !ret; rest -= n) {
		n = min_t(u64, rest, PAGE_SIZE);
		ret = mvblk_file_put(q, page_address(ZERO_PAGE(0)), n, at);
		at += n;
		cond_resched();
		if (!ret && rest > n && !mdev_vq_is_live(q->vq))
			ret = -EAGAIN;
	}
	mvblk_file_end(task);
	return ret ?: mvblk_file_written(q, pos, len);
}

const struct mvblk_store_ops mvblk_file_ops = {
	.read = mvblk_file_read,
	.write = mvblk_file_write,
	.flush = mvblk_file_flush,
	.discard = mvblk_file_discard,
	.zero = mvblk_file_zero,
};

/**
 * mvblk_file_attach() - use a file for the sectors
 * @blk: the instance, which has no file yet
 * @name: name of the file
 *
 * The device gets the size of the file, rounded down to whole sectors.
 *
 * Context: process context; sleeps.  The file is opened with the caller's
 * permissions.
 * Return: 0; -EBUSY if there is a file, or another instance uses this one now; or an
 * error of mvblk_backing_open().
 */
int mvblk_file_attach(struct mvblk *blk, const char *name)
{
	struct mvblk_backing *backing;
	struct mvblk_limits limits;
	bool busy, shared;

	/* Do not open a file that cannot be attached anyway. */
	mutex_lock(&blk->medium_lock);
	busy = blk->backing;
	shared = blk->shared;
	mutex_unlock(&blk->medium_lock);
	if (busy)
		return -EBUSY;
	backing = mvblk_backing_open(blk, name, shared);
	if (IS_ERR(backing))
		return PTR_ERR(backing);

	mutex_lock(&blk->medium_lock);
	busy = blk->backing || blk->shared != shared ||
	       (blk->active && mvblk_backing_begin_use(backing));
	if (!busy) {
		mvblk_default_limits(&limits);
		if (backing->bdev)
			mvblk_bdev_limits(backing->bdev, &limits);
		mvblk_set_limits(blk, &limits);
		/* Pairs with smp_load_acquire() in mvblk_file_of() */
		smp_store_release(&blk->backing, backing);
		/* Pairs with smp_load_acquire() in mvblk_queue_serve() */
		smp_store_release(&blk->store, backing->bdev ? &mvblk_bdev_ops :
							       &mvblk_file_ops);
		/* Until now, every range was beyond the capacity. */
		mvblk_set_capacity(blk,
				   i_size_read(backing->file->f_mapping->host) >>
				   MVBLK_SECTOR_SHIFT);
		mvblk_watch_begin(blk);
	}
	mutex_unlock(&blk->medium_lock);
	if (!busy)
		return 0;
	mvblk_backing_close(backing);
	return -EBUSY;
}

/**
 * mvblk_file_detach() - close the file
 * @blk: the instance; nothing happens if it has none
 *
 * Context: process context; sleeps.
 * Return: 0; -EBUSY if a driver uses the device.
 */
int mvblk_file_detach(struct mvblk *blk)
{
	struct mvblk_backing *backing;

	mutex_lock(&blk->medium_lock);
	backing = blk->backing;
	if (backing && blk->active) {
		mutex_unlock(&blk->medium_lock);
		return -EBUSY;
	}
	if (backing) {
		mvblk_set_capacity(blk, 0);
		WRITE_ONCE(blk->store, &mvblk_file_ops);
		blk->backing = NULL;
	}
	mutex_unlock(&blk->medium_lock);
	mvblk_backing_close(backing);
	return 0;
}

static void mvblk_file_taken(struct mvblk *blk)
{
	dev_err_ratelimited(&blk->soft.cdev->dev,
			    "another instance uses %s now: suspend or reset that one first\n",
			    blk->backing->path);
}

/**
 * mvblk_file_wait() - wait until nothing of the last driver is in progress
 * @blk: the instance; nothing happens if it has no file
 *
 * Context: process context; sleeps, but not for long.
 * Return: 0; -EBUSY if the disk does not answer, and the log says so; -EINTR.
 */
int mvblk_file_wait(struct mvblk *blk)
{
	struct mvblk_backing *backing;
	int ret = 0;

	mutex_lock(&blk->medium_lock);
	backing = blk->backing;
	if (backing)
		mvblk_backing_get(backing);
	mutex_unlock(&blk->medium_lock);
	if (!backing)
		return 0;
	ret = mvblk_backing_wait_orphans(backing);
	if (ret == -EBUSY)
		dev_err_ratelimited(&blk->soft.cdev->dev,
				    "%s has not answered requests of the last driver yet\n",
				    backing->path);
	mvblk_backing_close(backing);
	return ret;
}

/**
 * mvblk_file_begin_use() - a driver is about to make requests
 * @blk: the instance; nothing happens if it has no file
 *
 * Context: process context, serialised by the class driver.
 * Return: 0; -EBUSY while another instance uses the file, and the log says so.
 */
int mvblk_file_begin_use(struct mvblk *blk)
{
	int ret = 0;

	lockdep_assert_held(&blk->medium_lock);
	if (blk->backing)
		ret = mvblk_backing_begin_use(blk->backing);
	if (ret)
		mvblk_file_taken(blk);
	return ret;
}

/**
 * mvblk_file_end_use() - no request is in progress, and none is begun
 * @blk: the instance; nothing happens if it has no file
 *
 * Context: process context, serialised by the class driver.
 */
void mvblk_file_end_use(struct mvblk *blk)
{
	lockdep_assert_held(&blk->medium_lock);
	if (blk->backing)
		mvblk_backing_end_use(blk->backing);
}

/* The file, to be given back by fput(), because no lock is held while one waits. */
static struct file *mvblk_file_get_ref(struct mvblk *blk)
{
	struct file *file;

	mutex_lock(&blk->medium_lock);
	file = blk->backing ? get_file(blk->backing->file) : NULL;
	mutex_unlock(&blk->medium_lock);
	return file;
}

/**
 * mvblk_file_sync() - write back what this host has in its page cache
 * @blk: the instance, not in use
 *
 * Context: process context; sleeps, for as long as the file system takes.
 * Return: 0 or a negative errno, and the log says so.
 */
int mvblk_file_sync(struct mvblk *blk)
{
	struct file *file = mvblk_file_get_ref(blk);
	int ret;

	if (!file)
		return 0;
	ret = blk->read_only ? 0 : vfs_fsync(file, 0);
	fput(file);
	if (ret)
		dev_err_ratelimited(&blk->soft.cdev->dev,
				    "cannot write the disk back: %pe\n",
				    ERR_PTR(ret));
	return ret;
}

/*
 * Drop what this host has in its page cache, because the host that had the disk may
 * have written since it was read.  What is in the cache of a file system in memory is
 * the file, and what is in use at this host is up to date.
 */
static int mvblk_file_drop_cache(struct mvblk *blk, struct file *file)
{
	const struct inode *inode = file_inode(file);
	int ret;

	if (!S_ISBLK(inode->i_mode) &&
	    inode->i_sb->s_bdi == &noop_backing_dev_info)
		return 0;
	ret = invalidate_inode_pages2(file->f_mapping);
	if (ret)
		dev_err_ratelimited(&blk->soft.cdev->dev,
				    "cannot load the state of a disk that somebody at this host writes to\n");
	return ret;
}

/* Whether the disk of another host can be this one */
static int mvblk_file_compare(struct mvblk *blk, const struct file *file,
			      u64 capacity)
{
	u64 here = atomic64_read(&blk->capacity);

	lockdep_assert_held(&blk->medium_lock);
	if (file != (blk->backing ? blk->backing->file : NULL))
		return -EBUSY;
	if (here == capacity)
		return 0;
	dev_err_ratelimited(&blk->soft.cdev->dev,
			    "cannot load the state of a disk of %llu sectors, here it has %llu\n",
			    (unsigned long long)capacity,
			    (unsigned long long)here);
	return -EINVAL;
}

/**
 * mvblk_file_arrive() - another host has stopped to use the disk
 * @blk: the instance, reset
 * @capacity: sectors that the disk has there
 *
 * The file stays until the next reset.  It is not in use before the device goes live,
 * because the instance at the other end of the move may have to go on with it.
 *
 * Context: process context, serialised by the class driver; sleeps, for as long as the
 * file system takes.
 * Return: 0; -EINVAL if the size is another one; -EBUSY if the file changed meanwhile,
 * another instance uses it, or somebody at this host has written to it.
 */
int mvblk_file_arrive(struct mvblk *blk, u64 capacity)
{
	struct file *file = mvblk_file_get_ref(blk);
	bool alone = true;
	int ret = 0;

	mutex_lock(&blk->medium_lock);
	if (blk->backing && mvblk_backing_is_taken(blk->backing)) {
		mvblk_file_taken(blk);
		ret = -EBUSY;
	} else if (blk->backing) {
		alone = mvblk_backing_is_alone(blk->backing);
	}
	mutex_unlock(&blk->medium_lock);
	if (!ret && file && alone)
		ret = mvblk_file_drop_cache(blk, file);

	mutex_lock(&blk->medium_lock);
	if (!ret)
		ret = mvblk_file_compare(blk, file, capacity);
	if (!ret)
		blk->active = true;
	mutex_unlock(&blk->medium_lock);
	if (file)
		fput(file);
	return ret;
}
