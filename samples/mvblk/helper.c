// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: threads that wait for a file, so that the queue's worker need not.
 *
 * A file system waits for its disk where nobody can be told later: for pages that are
 * not in its cache, for a flush, for blocks to be allocated.  A queue has a few helpers,
 * each of which waits for one request.  The first one is there from the start, the
 * others come as requests want them.  They are on the same account as the queue's worker.
 *
 * They belong to the requests, because one may have to wait for longer than there is a
 * queue, see orphans.c.
 */

#include <linux/err.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "helper.h"
#include "mvblk.h"
#include "req.h"

#define MVBLK_HELPER_NAME	"mvfile-%.6s-%u"

/* ---- a helper ---- */

/* The next request for a helper; none and it is idle. */
static struct mvblk_req *mvblk_helper_next(struct mvblk_helper *helper)
{
	struct mvblk_helpers *all = helper->all;
	struct mvblk_req *req;

	spin_lock(&all->lock);
	req = list_first_entry_or_null(&all->waiting, struct mvblk_req, work);
	if (req)
		list_del(&req->work);
	else
		helper->busy = false;
	spin_unlock(&all->lock);
	return req;
}

static void mvblk_helper_work(struct mdev_work *work)
{
	struct mvblk_helper *helper = container_of(work, struct mvblk_helper,
						   work);
	struct mvblk_req *req = mvblk_helper_next(helper);

	if (!req)
		return;
	/* Nobody wants the result of one that was abandoned before it was begun. */
	if (READ_ONCE(req->reqs->orphan))
		mvblk_req_end(req, -EIO);
	else
		mvblk_file_serve(req);
	/* A signal that ends the wait for one request is not for the next one. */
	mdev_worker_queue(&helper->worker, &helper->work);
}

/* ---- whoever needs one ---- */

/* Put a request where an idle helper, which is returned, or a busy one takes it. */
static struct mvblk_helper *mvblk_helpers_add(struct mvblk_helpers *all,
					      struct mvblk_req *req)
{
	struct mvblk_helper *helper = NULL;
	unsigned int i;

	spin_lock(&all->lock);
	list_add_tail(&req->work, &all->waiting);
	for (i = 0; i < all->nr && !helper; i++)
		if (!all->helper[i].busy)
			helper = &all->helper[i];
	if (helper)
		helper->busy = true;
	spin_unlock(&all->lock);
	return helper;
}

/* One more, if there is memory for it */
static struct mvblk_helper *mvblk_helpers_more(struct mvblk_queue *q,
					       struct mvblk_helpers *all)
{
	struct mvblk_helper *helper;

	if (all->nr == MVBLK_HELPERS)
		return NULL;
	helper = &all->helper[all->nr];
	if (mdev_worker_start_beside(&helper->worker, &q->worker,
				     MVBLK_HELPER_NAME,
				     dev_name(&q->blk->soft.cdev->dev),
				     q->vq->index))
		return NULL;
	helper->busy = true;
	/* Pairs with smp_load_acquire() in mvblk_helpers_hurry() */
	smp_store_release(&all->nr, all->nr + 1);
	return helper;
}

/**
 * mvblk_help() - have a helper serve a request
 * @req: the request, submitted
 *
 * Context: the queue's worker, outside of any section; sleeps.
 */
void mvblk_help(struct mvblk_req *req)
{
	struct mvblk_helpers *all = req->reqs->helpers;
	struct mvblk_queue *q = req->q;
	struct mvblk_helper *helper;

	helper = mvblk_helpers_add(all, req);
	if (!helper)
		helper = mvblk_helpers_more(q, all);
	if (helper)
		mdev_worker_queue(&helper->worker, &helper->work);
}

static void mvblk_helpers_put(struct mvblk_helpers *all)
{
	if (!refcount_dec_and_test(&all->users))
		return;
	mutex_destroy(&all->hurry_lock);
	kvfree(all);
}

/**
 * mvblk_helpers_hurry() - somebody waits for requests of the queue
 * @q: the queue
 *
 * Context: as mdev_worker_hurry().
 */
void mvblk_helpers_hurry(struct mvblk_queue *q)
{
	struct mvblk_helpers *all;
	struct mvblk_reqs *reqs;
	unsigned int nr, i;

	/* Pairs with synchronize_rcu() before mvblk_reqs_destroy() */
	rcu_read_lock();
	reqs = READ_ONCE(q->reqs);
	all = reqs ? READ_ONCE(reqs->helpers) : NULL;
	if (all && !refcount_inc_not_zero(&all->users))
		all = NULL;
	rcu_read_unlock();
	if (!all)
		return;

	/* Pairs with smp_store_release() in mvblk_helpers_more() */
	nr = smp_load_acquire(&all->nr);
	mutex_lock(&all->hurry_lock);
	for (i = 0; i < nr && !all->stopped; i++)
		mdev_worker_hurry(&all->helper[i].worker);
	mutex_unlock(&all->hurry_lock);
	mvblk_helpers_put(all);
}

/* ---- life ---- */

/**
 * mvblk_helpers_start() - start the first helper of a queue
 * @q: the queue, which has requests and is not started; nothing happens if it has one
 *
 * Context: process context, serialised by the class driver.
 * Return: 0 or a negative errno; mvblk_helpers_stop() undoes it.
 */
int mvblk_helpers_start(struct mvblk_queue *q)
{
	const struct mdev_mem *mem = mdev_soft_mem(&q->blk->soft);
	struct mvblk_helpers *all;
	unsigned int i;
	int ret;

	if (q->reqs->helpers)
		return 0;
	all = kvzalloc(sizeof(*all), mdev_mem_gfp(mem));
	if (!all)
		return -ENOMEM;
	refcount_set(&all->users, 1);
	mutex_init(&all->hurry_lock);
	spin_lock_init(&all->lock);
	INIT_LIST_HEAD(&all->waiting);
	for (i = 0; i < MVBLK_HELPERS; i++) {
		all->helper[i].all = all;
		mdev_worker_init(&all->helper[i].worker);
		mdev_work_init(&all->helper[i].work, mvblk_helper_work);
	}
	ret = mdev_worker_start(&all->helper[0].worker, mem, MVBLK_HELPER_NAME,
				dev_name(&q->blk->soft.cdev->dev),
				q->vq->index);
	if (ret) {
		mvblk_helpers_put(all);
		return ret;
	}
	all->nr = 1;
	/* Whoever makes them hurry sees them as a whole. */
	smp_store_release(&q->reqs->helpers, all);
	return 0;
}

/**
 * mvblk_helpers_stop() - undo mvblk_helpers_start()
 * @reqs: the requests, which no queue has any more, an RCU grace period after it had
 *	them; nothing happens if they have no helpers
 *
 * Context: process context; sleeps.
 */
void mvblk_helpers_stop(struct mvblk_reqs *reqs)
{
	struct mvblk_helpers *all = reqs->helpers;
	unsigned int i;

	if (!all)
		return;
	mutex_lock(&all->hurry_lock);
	all->stopped = true;
	for (i = 0; i < all->nr; i++)
		mdev_worker_stop(&all->helper[i].worker);
	mutex_unlock(&all->hurry_lock);
	mvblk_helpers_put(all);
}
