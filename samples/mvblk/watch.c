// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: a look at the block device every second while a driver uses it.
 *
 * Nothing exported tells that its size has changed, or that it is gone.  That it does
 * not answer can only be told by the time.
 */

#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "mvblk.h"
#include "req.h"

#define MVBLK_WATCH_PERIOD	HZ

/* Seconds without an answer after which to say so, and not to wait any longer */
#define MVBLK_WATCH_SILENT	10
#define MVBLK_WATCH_HOPELESS	25

/* Seconds more in which whoever suspends the device gives up by itself */
#define MVBLK_WATCH_SUSPEND	10

/* The device may have another size now.  Returns whether the driver is to be told. */
static bool mvblk_watch_size(struct mvblk *blk)
{
	struct mvblk_backing *backing = blk->backing;
	u64 sectors = bdev_nr_bytes(backing->bdev) >> MVBLK_SECTOR_SHIFT;

	lockdep_assert_held(&blk->medium_lock);
	if (sectors == atomic64_read(&blk->capacity))
		return false;
	if (sectors)
		dev_info(&blk->soft.cdev->dev, "%s has %llu sectors now\n",
			 backing->path, (unsigned long long)sectors);
	else if (!test_and_set_bit(MVBLK_BACKING_GONE, &backing->flags))
		dev_err(&blk->soft.cdev->dev, MVBLK_GONE_MESSAGE,
			backing->path);
	mvblk_set_capacity(blk, sectors);
	return true;
}

/**
 * mvblk_watch_is_hopeless() - whether requests are not worth being waited for
 * @q: their queue
 *
 * Context: any.
 * Return: true if there are some, and the disk has not answered for long.
 */
bool mvblk_watch_is_hopeless(const struct mvblk_queue *q)
{
	return READ_ONCE(q->silent) >= MVBLK_WATCH_HOPELESS;
}

/* Has the device answered a request of this queue since the last look? */
static void mvblk_watch_queue(struct mvblk_queue *q)
{
	unsigned int limit = MVBLK_WATCH_HOPELESS;
	struct mvblk *blk = q->blk;
	struct mvblk_reqs *reqs;
	unsigned long done;

	lockdep_assert_held(&blk->medium_lock);
	/* Pairs with synchronize_rcu() before mvblk_reqs_destroy() */
	rcu_read_lock();
	/* Pairs with smp_store_release() in mvblk_reqs_alloc() */
	reqs = smp_load_acquire(&q->reqs);
	done = reqs ? READ_ONCE(reqs->done) : 0;
	if (!reqs || !READ_ONCE(reqs->nr_out) || done != q->watch_done) {
		q->watch_done = done;
		WRITE_ONCE(q->silent, 0);
		if (reqs)
			WRITE_ONCE(reqs->abandon, false);
		goto unlock;
	}
	WRITE_ONCE(q->silent, q->silent + 1);
	if (q->silent == MVBLK_WATCH_SILENT)
		dev_warn(&blk->soft.cdev->dev,
			 "%s has not answered for %u seconds: %u requests of virtqueue %u wait for it\n",
			 blk->backing->path, q->silent, READ_ONCE(reqs->nr_out),
			 q->vq->index);
	/*
	 * Whoever suspends the device wants to go on with it, and is told that this has
	 * failed, see mvblk_watch_is_hopeless().
	 */
	if (READ_ONCE(blk->soft.suspended))
		limit += MVBLK_WATCH_SUSPEND;
	/* Memory without holds cannot be left to the device. */
	if (q->silent >= limit && reqs->leaves && !mdev_vq_is_live(q->vq)) {
		WRITE_ONCE(reqs->abandon, true);
		mdev_worker_queue(&q->worker, &q->work);
	}
unlock:
	rcu_read_unlock();
}

static void mvblk_watch_work(struct work_struct *work)
{
	struct mvblk *blk = container_of(to_delayed_work(work), struct mvblk,
					 watch);
	bool changed = false;
	unsigned int i;

	mutex_lock(&blk->medium_lock);
	if (blk->active && blk->backing) {
		if (blk->backing->bdev)
			changed = mvblk_watch_size(blk);
		for (i = 0; i < blk->soft.desc->nr_vqs; i++)
			mvblk_watch_queue(&blk->queues[i]);
		schedule_delayed_work(&blk->watch, MVBLK_WATCH_PERIOD);
	}
	mutex_unlock(&blk->medium_lock);
	if (changed)
		mdev_soft_config_changed(&blk->soft);
}

/**
 * mvblk_watch_init() - make it possible to watch the device
 * @blk: the instance
 */
void mvblk_watch_init(struct mvblk *blk)
{
	INIT_DELAYED_WORK(&blk->watch, mvblk_watch_work);
}

/**
 * mvblk_watch_begin() - look at the block device every second
 * @blk: the instance; nothing happens if it is not used, or that is done already
 *
 * Context: process context.
 */
void mvblk_watch_begin(struct mvblk *blk)
{
	lockdep_assert_held(&blk->medium_lock);
	if (blk->active && blk->backing)
		schedule_delayed_work(&blk->watch, MVBLK_WATCH_PERIOD);
}

/**
 * mvblk_watch_end() - undo mvblk_watch_begin()
 * @blk: the instance
 *
 * If it is still used then, it is looked at once more, to no effect.
 *
 * Context: process context; sleeps.
 */
void mvblk_watch_end(struct mvblk *blk)
{
	cancel_delayed_work_sync(&blk->watch);
}

/**
 * mvblk_watch_forget() - the next driver has not waited for the device yet
 * @blk: the instance, reset
 *
 * Context: process context.
 */
void mvblk_watch_forget(struct mvblk *blk)
{
	unsigned int i;

	lockdep_assert_held(&blk->medium_lock);
	for (i = 0; i < blk->soft.desc->nr_vqs; i++)
		WRITE_ONCE(blk->queues[i].silent, 0);
}
