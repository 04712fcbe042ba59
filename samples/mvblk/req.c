// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: requests that a disk or a file system works on while the queue goes on.
 *
 * Whoever serves the queue takes requests, submits them, and gives them back when they
 * have ended.  Where that is noticed, in an interrupt maybe, the request is only put into
 * a list.  So the virtqueue has one user, and nothing here needs a lock.
 *
 * That is the queue's worker, or whoever kicks, who must not be made to wait: what would
 * have to is left to the worker.
 *
 * A request is done in steps, each of which hands on a limited part of its payload, or
 * one of its ranges.  Most requests have one step.
 *
 * While a request is in progress the queue stays claimed, so whoever stops it waits for
 * what was submitted.  That is limited in bytes.  A request that has ended while its
 * rings are not there, and while somebody waits for the queue, is kept for later.
 */

#include <linux/blkdev.h>
#include <linux/bottom_half.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "mvblk.h"
#include "req.h"

/* Requests that are taken in one run; those that are submitted together */
#define MVBLK_REQS_BUDGET	64
#define MVBLK_REQS_BATCH	16

/* Results of taking requests, other than an error */
#define MVBLK_EMPTY		0
#define MVBLK_MORE		1
#define MVBLK_FULL		2

/* ---- giving them back ---- */

/* In a section: write the status and the used entry. */
static int mvblk_req_push(struct mvblk_req *req)
{
	struct mvblk_queue *q = req->q;
	u32 len = req->filled;
	int ret;

	ret = mvblk_put_status(q, &req->chain, req->status);
	if (ret)
		return ret;
	if (req->status != VIRTIO_BLK_S_OK)
		mdev_vq_count(q->vq, 0, 1);
	mvblk_stat_count(req);
	/* The status counts if there is no gap before it. */
	if (len == req->chain.in_len - sizeof(u8))
		len++;
	mdev_vq_push(q->vq, &req->chain, len);
	mvblk_req_put(req);
	return 0;
}

/* It is looked at again when the rings are there. */
static void mvblk_req_keep(struct mvblk_req *req)
{
	struct mvblk_reqs *reqs = req->reqs;

	list_add_tail(&req->work, &reqs->late);
	reqs->is_late = true;
}

/* In a section: with VIRTIO_F_IN_ORDER, give back those whose turn it is. */
static int mvblk_reqs_push_heads(struct mvblk_queue *q)
{
	struct list_head *busy = &q->reqs->busy;
	struct mvblk_req *req;
	int ret = 0;

	while (!ret && !list_empty(busy)) {
		req = list_first_entry(busy, struct mvblk_req, node);
		if (!req->finished)
			break;
		ret = mvblk_req_push(req);
	}
	q->reqs->is_late |= ret;
	return ret;
}

/* In a section: its status is known. */
static int mvblk_req_finish(struct mvblk_req *req)
{
	struct mvblk_queue *q = req->q;
	int ret;

	req->finished = true;
	if (mvblk_has(q->blk, VIRTIO_F_IN_ORDER))
		return mvblk_reqs_push_heads(q);
	ret = mvblk_req_push(req);
	if (ret)
		mvblk_req_keep(req);
	return ret;
}

/*
 * In a section: go on with a request after a step, or after it was prepared.  0, or
 * -EPROTO and the section may only be left; if the queue is not broken, the request is
 * looked at again when the rings are there.
 */
static int mvblk_req_go_on(struct mvblk_req *req, int ret)
{
	struct mvblk_queue *q = req->q;
	struct mvblk_reqs *reqs = q->reqs;

	switch (ret) {
	case MVBLK_SUBMIT:
		req->out = true;
		reqs->nr_out++;
		list_add_tail(&req->work, &reqs->submit);
		return 0;
	case MVBLK_WAIT:
		list_add_tail(&req->work, &reqs->starved);
		return 0;
	case -EAGAIN:
		mdev_vq_unpop(q->vq, &req->chain);
		mvblk_req_put(req);
		return 0;
	}
	ret = mvblk_status(ret);
	if (ret < 0) {
		mvblk_req_keep(req);
		return ret;
	}
	req->status = ret;
	if (!ret && req->type == VIRTIO_BLK_T_IN)
		req->filled = req->len;
	return mvblk_req_finish(req);
}

/* Whether what follows the end of a step may have to wait for the driver's memory */
static bool mvblk_req_is_long(const struct mvblk_req *req)
{
	return req->bounce || req->rest != req->step;
}

/* In a section: a step has ended, now or while the rings were not there. */
static int mvblk_req_ended(struct mvblk_req *req)
{
	struct mvblk_queue *q = req->q;
	int ret;

	if (req->finished)
		return mvblk_req_finish(req);
	ret = q->store->ended(req);
	if (ret == MVBLK_SUBMIT) {
		/* Whoever stops the queue does not wait for the rest of it. */
		if (q->reqs->whole == req && !mdev_vq_is_live(q->vq))
			ret = -EAGAIN;
		else
			ret = q->store->prepare(req);
	}
	return mvblk_req_go_on(req, ret);
}

/* In a section: go on with those that have ended while the rings were not there. */
static bool mvblk_reqs_reap_late(struct mvblk_queue *q)
{
	struct mvblk_reqs *reqs = q->reqs;
	struct mvblk_req *req, *next;
	bool alive = true;
	LIST_HEAD(late);

	reqs->is_late = false;
	list_splice_init(&reqs->late, &late);
	list_for_each_entry_safe(req, next, &late, work) {
		if (alive)
			alive = !mvblk_req_ended(req);
		else
			mvblk_req_keep(req);
	}
	if (alive && mvblk_has(q->blk, VIRTIO_F_IN_ORDER))
		alive = !mvblk_reqs_push_heads(q);
	return alive;
}

/* In a section: go on with those for which there is a buffer now. */
static bool mvblk_reqs_feed(struct mvblk_queue *q)
{
	struct mvblk_reqs *reqs = q->reqs;
	struct mvblk_req *req;
	bool alive = true;

	while (alive && !list_empty(&reqs->starved) &&
	       !list_empty(&reqs->bounces)) {
		req = list_first_entry(&reqs->starved, struct mvblk_req, work);
		list_del(&req->work);
		alive = !mvblk_req_go_on(req, q->store->prepare(req));
	}
	return alive;
}

/**
 * mvblk_reqs_collect() - find the requests whose step has ended
 * @reqs: the requests
 *
 * Context: the user of the queue, outside of any read section; sleeps unless the
 * driver's memory is direct.
 */
void mvblk_reqs_collect(struct mvblk_reqs *reqs)
{
	struct mvblk_req *req, *next;
	struct llist_node *ended;

	/* In the order in which they have ended */
	ended = llist_reverse_order(llist_del_all(&reqs->ended));
	llist_for_each_entry_safe(req, next, ended, ended) {
		if (unlikely(req->again) && !READ_ONCE(reqs->orphan)) {
			list_add_tail(&req->work, &reqs->submit);
			reqs->missed = true;
			continue;
		}
		mvblk_payload_put(req);
		req->out = false;
		reqs->nr_out--;
		/* One that is done once more, as after a signal, has no answer yet. */
		if (req->result != -EAGAIN)
			WRITE_ONCE(reqs->done, reqs->done + 1);
		list_add_tail(&req->work, &reqs->collected);
	}
}

/* In a section, if @alive: go on with all that have ended.  Returns @alive. */
static bool mvblk_reqs_reap(struct mvblk_queue *q, bool alive)
{
	struct mvblk_reqs *reqs = q->reqs;
	bool nowait = q->section.nowait;
	struct mvblk_req *req, *next;

	if (alive && !nowait && unlikely(reqs->is_late))
		alive = mvblk_reqs_reap_late(q);
	list_for_each_entry_safe(req, next, &reqs->collected, work) {
		list_del(&req->work);
		if (alive && !(nowait && mvblk_req_is_long(req)))
			alive = !mvblk_req_ended(req);
		else
			mvblk_req_keep(req);
	}
	if (!nowait)
		return alive && mvblk_reqs_feed(q);
	reqs->missed |= reqs->is_late || !list_empty(&reqs->starved);
	return alive;
}

/**
 * mvblk_req_end() - the step of a request has ended
 * @req: the request; the caller does not use it any more
 * @result: 0 or a negative errno
 *
 * Context: any but an NMI.
 */
void mvblk_req_end(struct mvblk_req *req, int result)
{
	struct mvblk_reqs *reqs = req->reqs;

	req->result = result;
	/* Pairs with synchronize_rcu() before mvblk_reqs_destroy() */
	rcu_read_lock();
	/*
	 * llist_add() is a full barrier, which pairs with smp_mb() in mvblk_reqs_run()
	 * and mvblk_orphans_begin().
	 */
	if (llist_add(&req->ended, &reqs->ended)) {
		if (unlikely(READ_ONCE(reqs->orphan)))
			mvblk_orphans_wake(reqs);
		else if (!READ_ONCE(reqs->looking))
			mdev_worker_queue(&req->q->worker, &req->q->work);
	}
	rcu_read_unlock();
}

/**
 * mvblk_req_next_range() - begin with the next range of a request, if one is done
 * @req: the request, for a store that prepares a step
 *
 * Context: the user of the queue.
 * Return: false if there is nothing left of the last one.
 */
bool mvblk_req_next_range(struct mvblk_req *req)
{
	const struct virtio_blk_discard_write_zeroes *range;

	while (!req->rest) {
		if (req->range == req->nr_ranges)
			return false;
		range = &req->large->ranges[req->range++];
		req->pos = le64_to_cpu(range->sector) << MVBLK_SECTOR_SHIFT;
		req->rest = (u64)le32_to_cpu(range->num_sectors) <<
			    MVBLK_SECTOR_SHIFT;
	}
	return true;
}

/* ---- taking them ---- */

/* In a section: copy the pieces of the request at hand.  False if there is no room. */
static bool mvblk_req_adopt(struct mvblk_req *req)
{
	struct mdev_vq_chain *chain = &req->q->chain;
	unsigned int nr = chain->nr_out + chain->nr_in;
	struct mdev_vq_seg *segs = req->segs;

	if (nr > MVBLK_REQ_SEGS) {
		if (!mvblk_req_get_large(req))
			return false;
		segs = req->large->segs;
	}
	memcpy(segs, chain->segs, nr * sizeof(*segs));
	chain->segs = segs;
	return true;
}

static struct mvblk_req *mvblk_req_get(struct mvblk_reqs *reqs)
{
	struct mvblk_req *req;

	req = list_first_entry_or_null(&reqs->free, struct mvblk_req, node);
	if (!req || reqs->whole || reqs->bytes > MVBLK_MAX_BYTES)
		return NULL;
	req->type = U32_MAX;
	req->by_pages = false;
	req->flushing = false;
	req->finished = false;
	req->out = false;
	req->again = false;
	req->bvec = NULL;
	req->nr_vecs = 0;
	req->rest = 0;
	req->result = 0;
	req->len = 0;
	req->sectors = 0;
	req->way = 0;
	req->step = 0;
	req->range = 0;
	req->nr_ranges = 0;
	return req;
}

/*
 * In a section: take a request.  Returns MVBLK_MORE, MVBLK_EMPTY, MVBLK_FULL; -EAGAIN if
 * it was given back; or -EPROTO.
 */
static int mvblk_req_take(struct mvblk_queue *q)
{
	struct mvblk_reqs *reqs = q->reqs;
	struct mvblk_req *req;
	int ret;

	req = mvblk_req_get(reqs);
	if (!req)
		return MVBLK_FULL;
	q->chain.segs = q->segs;
	q->chain.max_segs = MDEV_VQ_MAX_SEGS;
	ret = mdev_vq_section_pop(&q->section, q->vq, &q->chain);
	if (ret <= 0)
		return ret;

	req->start = q->stat.now;
	WRITE_ONCE(reqs->nr_busy, reqs->nr_busy + 1);
	list_move_tail(&req->node, &reqs->busy);
	q->req = req;
	ret = mvblk_req_adopt(req) ? mvblk_serve(q) : -EAGAIN;
	req->chain = q->chain;
	req->filled = q->filled;
	reqs->bytes += req->len;
	if (ret == -EAGAIN || ret == -EPROTO) {
		mdev_vq_unpop(q->vq, &req->chain);
		mvblk_req_put(req);
		return ret;
	}
	if (req->len >= MVBLK_WHOLE_BYTES)
		reqs->whole = req;
	return mvblk_req_go_on(req, ret) ?: MVBLK_MORE;
}

/* In a section: take some requests. */
static int mvblk_reqs_take(struct mvblk_queue *q)
{
	unsigned int n;
	int ret;

	for (n = 0; n < MVBLK_REQS_BATCH; n++) {
		if (!mdev_vq_is_live(q->vq))
			return MVBLK_FULL;
		if (q->served >= MVBLK_REQS_BUDGET)
			break;
		ret = mvblk_req_take(q);
		if (ret != MVBLK_MORE)
			return ret;
		q->served++;
	}
	return MVBLK_MORE;
}

/* False if it cannot be done without waiting. */
static bool mvblk_req_submit(struct mvblk_req *req)
{
	struct mvblk_queue *q = req->q;

	if (q->section.nowait)
		return q->store->submit_now(req);
	req->again = false;
	q->store->submit(req);
	return true;
}

/*
 * Outside of any section.  Allocations must not start I/O to free memory, because that
 * may be I/O to a device that waits for this one.  For the same reason dirty pages of
 * such devices must not throttle this task.
 */
static void mvblk_reqs_submit(struct mvblk_queue *q)
{
	unsigned int noio = memalloc_noio_save();
	unsigned int local = current->flags & PF_LOCAL_THROTTLE;
	struct list_head *list = &q->reqs->submit;
	bool one = list_is_singular(list);
	struct mvblk_req *req;
	struct blk_plug plug;

	current->flags |= PF_LOCAL_THROTTLE;
	/* Whoever kicks may have a plug. */
	if (!one && !q->atomic)
		blk_start_plug(&plug);
	while (!list_empty(list)) {
		req = list_first_entry(list, struct mvblk_req, work);
		list_del(&req->work);
		if (!mvblk_req_submit(req)) {
			list_add(&req->work, list);
			q->reqs->missed = true;
			break;
		}
	}
	if (!one && !q->atomic)
		blk_finish_plug(&plug);
	/* What has ended meanwhile, and only waits for a softirq, is found at once. */
	local_bh_disable();
	local_bh_enable();
	if (!local)
		current->flags &= ~PF_LOCAL_THROTTLE;
	memalloc_noio_restore(noio);
}

/**
 * mvblk_reqs_run() - serve a queue whose requests take a while
 * @q: the queue, claimed, its turn the caller's; @q->served is 0 and counts the
 *	requests that were taken
 * @by: who serves it.  All but the worker need &mvblk_store_ops.submit_now
 *
 * Context: the queue's worker, or as &enum mvblk_server says.
 * Return: true if there may be more to do at once, which the worker has to do; false if
 * the driver will kick when there is more, or the worker is woken when a request ends.
 */
bool mvblk_reqs_run(struct mvblk_queue *q, enum mvblk_server by)
{
	struct mvblk_reqs *reqs = q->reqs;
	bool nowait = by != MVBLK_WORKER;
	bool signal = false, more = false, alive;
	int ret = MVBLK_FULL, entered;

	if (unlikely(READ_ONCE(reqs->abandon)) && reqs->nr_out &&
	    !mdev_vq_is_live(q->vq) && !nowait && list_empty(&reqs->submit)) {
		mvblk_orphans_begin(q);
		return false;
	}
	/* Until it is false again, requests that end are found without a wake-up. */
	WRITE_ONCE(reqs->looking, true);
	q->atomic = by == MVBLK_KICK;
	q->section.nowait = nowait;
	reqs->missed = false;
	mvblk_reqs_collect(reqs);
	entered = mdev_vq_section_enter(&q->section);
	alive = !entered;
	if (alive)
		mdev_vq_disable_notify(q->vq);
	/* -EAGAIN: it cannot be entered without waiting, which only the worker does. */
	while (entered != -EAGAIN) {
		mvblk_stat_tick(q);
		alive = mvblk_reqs_reap(q, alive);
		/* What follows may take long. */
		mdev_vq_publish(q->vq);
		signal |= mdev_vq_need_signal(q->vq);
		if (nowait && reqs->missed)
			break;
		if (alive)
			ret = mvblk_reqs_take(q);
		if (ret == -EPROTO)
			alive = false;
		if (list_empty(&reqs->submit))
			break;
		mdev_vq_section_leave(&q->section);
		if (signal)
			mdev_vq_signal(q->vq);
		signal = false;
		mvblk_reqs_submit(q);
		mvblk_reqs_collect(reqs);
		entered = mdev_vq_section_enter(&q->section);
		alive = !entered;
	}

	if (entered != -EAGAIN) {
		mdev_vq_publish(q->vq);
		signal |= mdev_vq_need_signal(q->vq);
	}
	if (nowait && (!alive || reqs->missed || ret == -EAGAIN))
		more = true;
	else if (ret == MVBLK_MORE)
		more = alive;
	else if (ret == MVBLK_EMPTY)
		more = alive && mdev_vq_enable_notify(q->vq);
	else if (ret == -EAGAIN)
		more = !reqs->nr_busy;
	mdev_vq_section_leave(&q->section);
	if (signal)
		mdev_vq_signal(q->vq);
	if (unlikely(mdev_vq_is_broken(q->vq)))
		mvblk_reqs_drop(q);

	WRITE_ONCE(reqs->looking, false);
	/* Pairs with llist_add() in mvblk_req_end() */
	smp_mb();
	return more || !llist_empty(&reqs->ended);
}
