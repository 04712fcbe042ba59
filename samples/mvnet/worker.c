// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: what serves the queue pairs: whoever kicks, or a thread.  Each pair of each
 * instance has its own, so that a user that stalls one cannot stall another.
 */

#include <linux/bottom_half.h>
#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mvnet.h"

/* One in so many kicks is left to the worker, to see how many frames are in flight. */
#define MVNET_PROBE		256

/* From so many frames at a time on, they are left to the worker. */
#define MVNET_DEEP		4

static int mvnet_pair_alloc(struct mvnet_pair *pair)
{
	struct mvnet *net = pair->net;
	gfp_t gfp = mdev_mem_gfp(mdev_soft_mem(&net->base.soft));
	bool csum;

	if (!pair->tx_segs) {
		pair->tx_segs = kvmalloc_array(MDEV_VQ_MAX_SEGS,
					       sizeof(*pair->tx_segs), gfp);
		if (!pair->tx_segs)
			return -ENOMEM;
	}
	if (mdev_soft_net_bufs_alloc(&pair->bufs, gfp))
		return -ENOMEM;

	/* GUEST_CSUM may be switched off later. */
	csum = mdev_soft_net_has(&net->base, VIRTIO_NET_F_CSUM) &&
	       (!mdev_soft_net_has(&net->base, VIRTIO_NET_F_GUEST_CSUM) ||
		mdev_soft_net_has(&net->base, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS));
	if (!pair->bounce && (csum || !mdev_soft_mem(&net->base.soft)->direct)) {
		pair->bounce = kvmalloc(MDEV_SOFT_NET_HDR_LEN + MVNET_MAX_FRAME, gfp);
		if (!pair->bounce)
			return -ENOMEM;
	}
	return 0;
}

/**
 * mvnet_pair_prepare() - allocate all that is needed to serve a queue pair
 * @pair: the pair, at least one of its queues not started
 *
 * Context: process context, serialised by the class driver.
 * Return: 0 or a negative errno; mvnet_pair_reset() undoes both.
 */
int mvnet_pair_prepare(struct mvnet_pair *pair)
{
	struct mvnet *net = pair->net;
	int ret;

	ret = mvnet_pair_alloc(pair);
	if (ret)
		return ret;
	pair->deep = false;
	mdev_visit_begin(pair->visits[0], mdev_soft_mem(&net->base.soft));
	mdev_visit_begin(pair->visits[1], mdev_soft_mem(&net->base.soft));
	if (mdev_worker_task(&pair->worker))
		return 0;

	/* The name of a task has 15 characters. */
	ret = mdev_worker_start(&pair->worker, mdev_soft_mem(&net->base.soft),
				"mvnet-%.6s-%u",
				dev_name(&net->base.soft.cdev->dev), pair->index);
	if (!ret)
		mdev_worker_set_batch(&pair->worker);
	return ret;
}

/**
 * mvnet_pair_reset() - undo mvnet_pair_prepare()
 * @pair: the pair, whose queues are stopped
 *
 * Context: process context, serialised by the class driver.
 */
void mvnet_pair_reset(struct mvnet_pair *pair)
{
	mdev_visit_end(pair->visits[0]);
	mdev_visit_end(pair->visits[1]);
	mdev_worker_stop(&pair->worker);
	kvfree(pair->bounce);
	mdev_soft_net_bufs_free(&pair->bufs);
	kvfree(pair->tx_segs);
	pair->bounce = NULL;
	pair->tx_segs = NULL;
}

/**
 * mvnet_pair_wake() - have the worker look at a pair
 * @net: the instance
 * @index: of the pair; nothing happens if there is none
 *
 * Context: any.
 */
void mvnet_pair_wake(struct mvnet *net, unsigned int index)
{
	struct mvnet_pair *pair;

	/* Without MQ the control queue has the index that pair 1 would have. */
	if (index >= mdev_soft_net_nr_pairs(&net->base))
		return;

	pair = &net->pairs[index];
	if (mdev_vq_is_live(pair->rx) || mdev_vq_is_live(pair->tx))
		mdev_worker_queue(&pair->worker, &pair->work);
}

/**
 * mvnet_wake_pairs() - have the workers look at all queue pairs
 * @net: the instance
 *
 * Context: any.
 */
void mvnet_wake_pairs(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < net->base.max_pairs; i++)
		mvnet_pair_wake(net, i);
}

/* Only one queue of the pair is up: detect that its memory is gone. */
static enum mvnet_next mvnet_look(struct mdev_vq *vq, bool nowait)
{
	struct mdev_vq_section section = { .vqs = { vq }, .nowait = nowait };
	int ret;

	ret = mdev_vq_section_enter(&section);
	mdev_vq_section_leave(&section);
	return ret == -EAGAIN ? MVNET_NEXT_RUN : MVNET_NEXT_KICK;
}

/* Serve the pair once; @tx and @rx are claimed if true.  Like mvnet_pair_run(). */
static enum mvnet_next mvnet_pair_pass(struct mvnet_pair *pair, bool tx,
				       bool rx, bool poll)
{
	if (tx && rx)
		return mvnet_pair_run(pair, poll);
	return mvnet_look(tx ? pair->tx : pair->rx, pair->section.nowait);
}

/* Whether frames are to be collected for the worker */
static bool mvnet_pair_is_deep(struct mvnet_pair *pair)
{
	/* To see how many come together, that is so every now and then. */
	return pair->deep || !(++pair->tries % MVNET_PROBE);
}

/* The worker is going to come: have the driver add more frames without kicks. */
static void mvnet_pair_hush(struct mvnet_pair *pair)
{
	if (!mdev_vq_section_enter(&pair->section)) {
		mdev_vq_disable_notify(pair->tx);
		mdev_vq_disable_notify(pair->rx);
	}
	mdev_vq_section_leave(&pair->section);
}

/*
 * Serve the claimed pair.  Its memory cannot change before it is released, while that of
 * the instance changes with its class driver.
 */
static enum mvnet_next mvnet_pair_serve_claimed(struct mvnet_pair *pair,
						bool tx, bool rx,
						enum mvnet_server by, bool poll)
{
	enum mvnet_next next;

	pair->section.nowait = by == MVNET_TASK;
	if (by == MVNET_TASK && mvnet_pair_is_deep(pair)) {
		if (tx && rx)
			mvnet_pair_hush(pair);
		return MVNET_NEXT_RUN;
	}
	if (!mdev_vq_mem(tx ? pair->tx : pair->rx)->direct)
		return by == MVNET_KICK ? MVNET_NEXT_RUN :
					  mvnet_pair_pass(pair, tx, rx, poll);
	/* The driver's callbacks schedule softirqs. */
	local_bh_disable();
	next = mvnet_pair_pass(pair, tx, rx, false);
	local_bh_enable();
	return next;
}

/*
 * Serve the pair once.  For all but the worker, MVNET_NEXT_RUN means that the worker has
 * to serve it.
 */
static enum mvnet_next mvnet_pair_serve(struct mvnet_pair *pair,
					enum mvnet_server by, bool poll)
{
	enum mvnet_next next = MVNET_NEXT_KICK;
	bool tx, rx;

	if (by == MVNET_WORKER && !mdev_turn_begin_work(&pair->turn))
		return MVNET_NEXT_KICK;
	/* Whoever serves it may have looked already. */
	if (by != MVNET_WORKER && !mdev_turn_begin(&pair->turn))
		return MVNET_NEXT_RUN;
	pair->served = 0;
	tx = mdev_vq_claim(pair->tx);
	rx = mdev_vq_claim(pair->rx);
	if (tx || rx)
		next = mvnet_pair_serve_claimed(pair, tx, rx, by, poll);
	if (rx)
		mdev_vq_release(pair->rx);
	if (tx)
		mdev_vq_release(pair->tx);
	if (by == MVNET_TASK && pair->served >= MVNET_DEEP)
		pair->deep = true;
	if (by == MVNET_WORKER) {
		pair->together += pair->served;
		if (next == MVNET_NEXT_KICK && pair->together) {
			pair->deep = pair->together >= MVNET_DEEP;
			pair->together = 0;
		}
	}
	mdev_turn_end(&pair->turn, &pair->worker, &pair->work);
	return next;
}

/*
 * Serve the pair again and again until there is something to do, the time to poll
 * is over, or the CPU or the worker is needed for something else.  The queues are
 * released in between, so that a task that waits to stop one can do so.
 */
static enum mvnet_next mvnet_pair_poll(struct mvnet_pair *pair)
{
	unsigned int us = READ_ONCE(pair->net->busy_poll);
	enum mvnet_next next = mvnet_pair_serve(pair, MVNET_WORKER, us);
	u64 end;

	if (next != MVNET_NEXT_POLL)
		return next;

	end = ktime_get_ns() + (u64)us * NSEC_PER_USEC;
	do {
		cpu_relax();
		next = mvnet_pair_serve(pair, MVNET_WORKER, true);
	} while (next == MVNET_NEXT_POLL && !need_resched() &&
		 !mdev_worker_pending(&pair->worker) &&
		 ktime_get_ns() < end);

	if (next == MVNET_NEXT_POLL)
		next = mvnet_pair_serve(pair, MVNET_WORKER, false);
	return next;
}

static void mvnet_pair_work(struct mdev_work *work)
{
	struct mvnet_pair *pair = container_of(work, struct mvnet_pair, work);

	if (mvnet_pair_poll(pair) == MVNET_NEXT_RUN)
		mvnet_pair_wake(pair->net, pair->index);
}

/* ---- kicks ---- */

static void mvnet_pair_come(void *data)
{
	struct mvnet_pair *pair = data;

	if (mvnet_pair_serve(pair, MVNET_TASK, false) == MVNET_NEXT_RUN)
		mvnet_pair_wake(pair->net, pair->index);
}

static void mvnet_pair_late(void *data)
{
	struct mvnet_pair *pair = data;

	mvnet_pair_wake(pair->net, pair->index);
}

static const struct mdev_visit_ops mvnet_visit_ops = {
	.owner = THIS_MODULE,
	.come = mvnet_pair_come,
	.late = mvnet_pair_late,
};

/* Have a task of the program serve the pair, unless the worker is to poll. */
static bool mvnet_pair_visit(struct mvnet_pair *pair, u16 idx)
{
	return !READ_ONCE(pair->net->busy_poll) &&
	       mdev_visit_kick(pair->visits[idx % 2]);
}

/**
 * mvnet_pair_init() - make a pair
 * @pair: zeroed
 * @net: the instance
 * @index: of the pair
 *
 * Return: 0 or -ENOMEM; mvnet_pair_destroy() undoes both.
 */
int mvnet_pair_init(struct mvnet_pair *pair, struct mvnet *net,
		    unsigned int index)
{
	pair->net = net;
	pair->index = index;
	pair->rx = mdev_soft_vq(&net->base.soft, 2 * index);
	pair->tx = mdev_soft_vq(&net->base.soft, 2 * index + 1);
	pair->section.vqs[0] = pair->rx;
	pair->section.vqs[1] = pair->tx;
	mdev_worker_init(&pair->worker);
	mdev_work_init(&pair->work, mvnet_pair_work);
	pair->visits[0] = mdev_visit_create(&mvnet_visit_ops, pair->rx, pair);
	pair->visits[1] = mdev_visit_create(&mvnet_visit_ops, pair->tx, pair);
	return pair->visits[0] && pair->visits[1] ? 0 : -ENOMEM;
}

/**
 * mvnet_pair_destroy() - undo mvnet_pair_init()
 * @pair: the pair, reset
 */
void mvnet_pair_destroy(struct mvnet_pair *pair)
{
	mdev_visit_destroy(pair->visits[0]);
	mdev_visit_destroy(pair->visits[1]);
}

/**
 * mvnet_pair_kick() - the driver has kicked a queue of a pair
 * @net: the instance
 * @idx: of the queue; nothing happens if there is no pair that it belongs to
 *
 * If the driver's memory is direct, the pair is served at once; if it is a program's, by
 * the task that kicks, on its way back: to wake the worker, and to switch to it and back,
 * takes longer than to pass on a few frames.  What is left after one budget is left to
 * the worker, and so are the frames of a program that has many in flight: passed on
 * together they are cheaper, and the program saves kicks and interrupts.  How many there
 * are can only be seen if they are left waiting, so every now and then they are.
 *
 * Context: any.
 */
void mvnet_pair_kick(struct mvnet *net, u16 idx)
{
	unsigned int index = idx / 2;
	struct mvnet_pair *pair;

	if (index >= mdev_soft_net_nr_pairs(&net->base))
		return;

	pair = &net->pairs[index];
	if (!mdev_soft_net_is_direct(&net->base)) {
		if (!mvnet_pair_visit(pair, idx))
			mvnet_pair_wake(net, index);
		return;
	}
	/* The driver's callbacks want interrupts on. */
	if (irqs_disabled() ||
	    mvnet_pair_serve(pair, MVNET_KICK, false) == MVNET_NEXT_RUN)
		mvnet_pair_wake(net, index);
}

int mvnet_set_vq_affinity(struct mdev_soft *soft, u16 idx,
			  const struct cpumask *mask)
{
	struct mvnet *net = soft_to_mvnet(soft);

	/* The control queue is served by the kick or by the first pair's worker. */
	if (idx >= 2 * net->base.max_pairs)
		return 0;
	return mdev_worker_set_affinity(&net->pairs[idx / 2].worker, mask);
}

const struct cpumask *mvnet_get_vq_affinity(struct mdev_soft *soft, u16 idx)
{
	struct mvnet *net = soft_to_mvnet(soft);

	if (idx >= 2 * net->base.max_pairs)
		return NULL;
	return mdev_worker_affinity(&net->pairs[idx / 2].worker);
}
