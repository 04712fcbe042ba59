// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: the file or block device of an instance: who attaches and detaches it, and
 * when it is in use.
 */

#include <linux/backing-dev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/pagemap.h>

#include "mvblk.h"

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
	if (busy) {
		mdev_class_error(blk->soft.cdev,
				 "backing: there is one already: write an empty line first to let go of it");
		return -EBUSY;
	}
	backing = mvblk_backing_open(blk, name, shared);
	if (IS_ERR(backing))
		return PTR_ERR(backing);

	mutex_lock(&blk->medium_lock);
	busy = blk->backing || blk->shared != shared ||
	       backing->write == blk->read_only ||
	       (blk->active && mvblk_backing_begin_use(backing));
	if (!busy) {
		mvblk_default_limits(&limits);
		if (backing->bdev)
			mvblk_bdev_limits(backing->bdev, &limits);
		mvblk_set_limits(blk, &limits);
		/* Pairs with smp_load_acquire() in mvblk_file_backing() */
		smp_store_release(&blk->backing, backing);
		/* Pairs with smp_load_acquire() in mvblk_queue_serve() */
		smp_store_release(&blk->store, backing->bdev ? &mvblk_bdev_ops :
							       &mvblk_file_ops);
		WRITE_ONCE(blk->nowait, backing->nowait);
		WRITE_ONCE(blk->plain, backing->plain);
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
	mdev_class_error(blk->soft.cdev,
			 "backing: another one was attached at the same time, or an instance that shares it uses it now");
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
		mdev_class_error(blk->soft.cdev,
				 "backing: a driver uses the device: unbind it, or have its user close it, first");
		return -EBUSY;
	}
	if (backing) {
		mvblk_set_capacity(blk, 0);
		WRITE_ONCE(blk->nowait, false);
		WRITE_ONCE(blk->plain, false);
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
