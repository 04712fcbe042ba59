// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: requests of a disk that does not answer, after somebody has waited for too
 * long for their queue to stop.
 *
 * A request cannot be taken back from a disk.  But its pages have references, so the
 * program whose memory they are can go: its queue breaks, and what the requests need is
 * kept, with the file, until the last one has ended.  Until then no driver uses the
 * file, because a write that comes so late must not change what is newer.
 *
 * The kernel's own drivers have to wait: their pages have no references.
 */

#include <linux/module.h>
#include <linux/workqueue.h>

#include "mvblk.h"
#include "req.h"

/* So that the module is not gone before the last work has returned */
static struct workqueue_struct *mvblk_orphans_wq;

int mvblk_orphans_init(void)
{
	mvblk_orphans_wq = alloc_workqueue("mvblk-orphans", WQ_UNBOUND, 0);
	return mvblk_orphans_wq ? 0 : -ENOMEM;
}

void mvblk_orphans_exit(void)
{
	destroy_workqueue(mvblk_orphans_wq);
}

/**
 * mvblk_orphans_wake() - one more has ended
 * @reqs: the orphans
 *
 * Context: any but an NMI, in an RCU read section.
 */
void mvblk_orphans_wake(struct mvblk_reqs *reqs)
{
	queue_work(mvblk_orphans_wq, &reqs->orphan_work);
}

void mvblk_orphans_work(struct work_struct *work)
{
	struct mvblk_reqs *reqs = container_of(work, struct mvblk_reqs,
					       orphan_work);
	struct mvblk_backing *backing = reqs->backing;

	mvblk_reqs_collect(reqs);
	INIT_LIST_HEAD(&reqs->collected);
	if (reqs->nr_out)
		return;
	/* The one that ended last may just be queueing the work, see mvblk_reqs_destroy(). */
	synchronize_rcu();
	cancel_work(work);
	mvblk_reqs_destroy(reqs);
	mvblk_backing_end_orphans(backing);
	/* rmmod waits for this function to return, in mvblk_orphans_exit(). */
	module_put(THIS_MODULE);
}

/**
 * mvblk_orphans_begin() - do not wait any longer for the requests of a queue
 * @q: the queue, some of whose requests are worked on
 *
 * Context: the user of the queue, outside of any read section.
 */
void mvblk_orphans_begin(struct mvblk_queue *q)
{
	struct mvblk_reqs *reqs = q->reqs;
	struct mvblk_req *req;

	mdev_vq_break(q->vq, "%u requests that the disk does not answer",
		      reqs->nr_out);
	/* Pairs with module_put() in mvblk_orphans_work() */
	__module_get(THIS_MODULE);
	reqs->backing = q->blk->backing;
	mvblk_backing_begin_orphans(reqs->backing);
	list_for_each_entry(req, &reqs->busy, node)
		mvblk_payload_unmap(req);
	/* Others may just be doing that.  Nothing is held when the queue has stopped. */
	synchronize_rcu();
	WRITE_ONCE(q->reqs, NULL);
	WRITE_ONCE(reqs->orphan, true);
	/* Pairs with llist_add() in mvblk_req_end() */
	smp_mb();
	/* Some may have ended just before. */
	mvblk_orphans_wake(reqs);
}
