// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: the requests of a queue as a whole, and the memory that they need.
 *
 * All that is needed to do one request at a time is allocated before the queue starts.
 */

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "helper.h"
#include "mvblk.h"
#include "req.h"

static struct mvblk_large *mvblk_large_alloc(struct mvblk_queue *q, gfp_t gfp)
{
	return kmalloc(sizeof(struct mvblk_large),
		       mdev_mem_gfp(mdev_soft_mem(&q->blk->soft)) & gfp);
}

/**
 * mvblk_req_get_large() - get room for many pieces
 * @req: the request, which has none yet
 *
 * Context: the user of the queue; does not sleep.
 * Return: what is now &mvblk_req.large; NULL if there is none.  Others have all of
 * them then.
 */
struct mvblk_large *mvblk_req_get_large(struct mvblk_req *req)
{
	struct mvblk_reqs *reqs = req->reqs;

	req->large = list_first_entry_or_null(&reqs->large, struct mvblk_large,
					      node);
	if (req->large) {
		list_del(&req->large->node);
	} else if (reqs->nr_large < MVBLK_MAX_LARGE) {
		req->large = mvblk_large_alloc(req->q, ~__GFP_DIRECT_RECLAIM);
		if (req->large)
			reqs->nr_large++;
	}
	return req->large;
}

static void mvblk_req_init(struct mvblk_queue *q, struct mvblk_req *req)
{
	req->q = q;
	req->reqs = q->reqs;
	list_add(&req->node, &q->reqs->free);
}

/**
 * mvblk_req_put() - a request is not in progress any more
 * @req: the request, given back or forgotten
 *
 * Context: the user of the queue.
 */
void mvblk_req_put(struct mvblk_req *req)
{
	struct mvblk_reqs *reqs = req->reqs;

	mvblk_payload_put_bounce(req);
	if (req->large)
		list_add(&req->large->node, &reqs->large);
	req->large = NULL;
	if (reqs->whole == req)
		reqs->whole = NULL;
	reqs->bytes -= req->len;
	WRITE_ONCE(reqs->nr_busy, reqs->nr_busy - 1);
	list_move(&req->node, &reqs->free);
}

/**
 * mvblk_reqs_drop() - forget all requests that nobody works on
 * @q: the queue, broken or not started
 *
 * Context: the user of the queue.
 */
void mvblk_reqs_drop(struct mvblk_queue *q)
{
	struct mvblk_reqs *reqs = q->reqs;
	struct mvblk_req *req, *next;

	INIT_LIST_HEAD(&reqs->late);
	INIT_LIST_HEAD(&reqs->starved);
	list_for_each_entry_safe(req, next, &reqs->busy, node)
		if (!req->out)
			mvblk_req_put(req);
}

/**
 * mvblk_reqs_alloc() - allocate what the requests of a queue need
 * @q: the queue, not started; nothing happens if it has enough
 *
 * Context: process context, serialised by the class driver.
 * Return: 0 or -ENOMEM; mvblk_reqs_free() undoes both.
 */
int mvblk_reqs_alloc(struct mvblk_queue *q)
{
	unsigned int nr = mdev_vq_num(q->vq), i;
	struct mvblk_large *large;
	struct mvblk_reqs *reqs;

	if (q->reqs && q->reqs->nr == nr)
		return 0;
	mvblk_reqs_free(q);
	reqs = kvzalloc(struct_size(reqs, req, nr),
			mdev_mem_gfp(mdev_soft_mem(&q->blk->soft)));
	if (!reqs)
		return -ENOMEM;
	reqs->nr = nr;
	reqs->leaves = mdev_soft_mem(&q->blk->soft)->ops->hold;
	INIT_LIST_HEAD(&reqs->free);
	INIT_LIST_HEAD(&reqs->busy);
	INIT_LIST_HEAD(&reqs->submit);
	INIT_LIST_HEAD(&reqs->starved);
	INIT_LIST_HEAD(&reqs->collected);
	INIT_LIST_HEAD(&reqs->late);
	INIT_LIST_HEAD(&reqs->large);
	INIT_LIST_HEAD(&reqs->bounces);
	init_llist_head(&reqs->ended);
	INIT_WORK(&reqs->orphan_work, mvblk_orphans_work);
	/* Whoever watches it sees it as a whole. */
	smp_store_release(&q->reqs, reqs);
	for (i = 0; i < nr; i++)
		mvblk_req_init(q, &reqs->req[nr - 1 - i]);

	/* So a request can always be done when it is the only one. */
	large = mvblk_large_alloc(q, __GFP_BITS_MASK);
	if (large) {
		list_add(&large->node, &reqs->large);
		reqs->nr_large++;
	}
	if (!large || !mvblk_bounce_alloc(q, __GFP_BITS_MASK)) {
		mvblk_reqs_free(q);
		return -ENOMEM;
	}
	return 0;
}

/**
 * mvblk_reqs_forget() - forget the requests that could not be given back
 * @q: the queue, not started
 *
 * Context: process context, serialised by the class driver.
 */
void mvblk_reqs_forget(struct mvblk_queue *q)
{
	if (q->reqs)
		mvblk_reqs_drop(q);
}

/**
 * mvblk_reqs_destroy() - free what the requests of a queue need
 * @reqs: the requests, which nobody works on, and no queue has any more for an RCU
 *	grace period, because mvblk_req_end() and mvblk_watch_work() look at them
 *
 * Context: process context; sleeps.
 */
void mvblk_reqs_destroy(struct mvblk_reqs *reqs)
{
	struct mvblk_large *large, *next;
	struct mvblk_req *req, *next_req;

	mvblk_helpers_stop(reqs);
	list_for_each_entry_safe(req, next_req, &reqs->busy, node)
		mvblk_req_put(req);
	list_for_each_entry_safe(large, next, &reqs->large, node)
		kfree(large);
	mvblk_bounces_free(reqs);
	kvfree(reqs);
}

/**
 * mvblk_reqs_free() - undo mvblk_reqs_alloc()
 * @q: the queue, not started
 *
 * Context: process context, serialised by the class driver; sleeps.
 */
void mvblk_reqs_free(struct mvblk_queue *q)
{
	struct mvblk_reqs *reqs = q->reqs;

	if (!reqs)
		return;
	WRITE_ONCE(q->reqs, NULL);
	/* See mvblk_reqs_destroy() */
	synchronize_rcu();
	mvblk_reqs_destroy(reqs);
}

/**
 * mvblk_nr_busy() - how many requests of an instance are in progress
 * @blk: the instance
 *
 * Context: process context.
 * Return: the number, which may change.
 */
unsigned int mvblk_nr_busy(struct mvblk *blk)
{
	const struct mvblk_reqs *reqs;
	unsigned int nr = 0, i;

	/* Pairs with synchronize_rcu() before mvblk_reqs_destroy() */
	rcu_read_lock();
	for (i = 0; i < blk->soft.desc->nr_vqs; i++) {
		/* Pairs with smp_store_release() in mvblk_reqs_alloc() */
		reqs = smp_load_acquire(&blk->queues[i].reqs);
		if (reqs)
			nr += READ_ONCE(reqs->nr_busy);
	}
	rcu_read_unlock();
	return nr;
}
