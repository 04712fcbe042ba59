// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: a queue that a program's own task serves, on its way back to user mode.
 *
 * A program kicks by an eventfd, or by a write that must not sleep.  There a lock is
 * held and interrupts may be off, so no bio can be submitted.  But the task is about to
 * return to its program, as soon as the system call ends, or to enter its virtual
 * machine.  Just before that it holds no lock, may sleep, and is in the control groups
 * that pay: so it serves the queue there, as a task work, and no thread is woken.
 *
 * Nothing makes a task return soon.  So the worker looks, too, if it has not after a
 * moment.  And nothing waits for it to return: what it needs lives as long as it.
 */

#include <linux/jiffies.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>

#include "mvblk.h"

/* Jiffies after which a task that has not returned is not waited for */
#define MVBLK_VISIT_PATIENCE	2

/**
 * struct mvblk_visit - what a task needs to serve a queue on its way back
 * @work: of the task that comes
 * @flags: MVBLK_VISIT_DUE
 * @mm: that of the program which uses the device; only compared.  NULL if there is none
 * @late: looks whether the task has come
 * @users: the queue; a task that is due
 * @lock: guards @q
 * @q: the queue, NULL when it is gone
 */
struct mvblk_visit {
	struct callback_head work;
	unsigned long flags;
	const struct mm_struct *mm;
	struct delayed_work late;
	refcount_t users;
	spinlock_t lock;	/* guards q, see above */
	struct mvblk_queue *q;
};

/* Bit of &mvblk_visit.flags: a task is going to come */
#define MVBLK_VISIT_DUE		0

static void mvblk_visit_put(struct mvblk_visit *visit)
{
	if (refcount_dec_and_test(&visit->users))
		kfree(visit);
}

/* The queue, claimed, so that it stays; or NULL */
static struct mvblk_queue *mvblk_visit_claim(struct mvblk_visit *visit)
{
	struct mvblk_queue *q;

	spin_lock(&visit->lock);
	q = visit->q;
	if (q && !mdev_vq_claim(q->vq))
		q = NULL;
	spin_unlock(&visit->lock);
	return q;
}

/* In the task that has kicked, without any lock */
static void mvblk_visit_come(struct callback_head *work)
{
	struct mvblk_visit *visit = container_of(work, struct mvblk_visit, work);
	struct mvblk_queue *q = mvblk_visit_claim(visit);

	/*
	 * A kick from now on is for another visit; what was added before it is seen here.
	 * A full barrier, as test_and_set_bit() in mvblk_visit_kick() is.
	 */
	test_and_clear_bit(MVBLK_VISIT_DUE, &visit->flags);
	if (q) {
		if (!mvblk_queue_try(q, MVBLK_TASK))
			mdev_worker_queue(&q->worker, &q->work);
		mdev_vq_release(q->vq);
	}
	mvblk_visit_put(visit);
	/* rmmod waits for this function to return, in mvblk_exit(). */
	module_put(THIS_MODULE);
}

static void mvblk_visit_late(struct work_struct *work)
{
	struct mvblk_visit *visit = container_of(to_delayed_work(work),
						 struct mvblk_visit, late);
	struct mvblk_queue *q;

	if (!test_bit(MVBLK_VISIT_DUE, &visit->flags))
		return;
	q = mvblk_visit_claim(visit);
	if (!q)
		return;
	mdev_worker_queue(&q->worker, &q->work);
	mdev_vq_release(q->vq);
}

/* Whether the current task is one of the program, and will return to it */
static bool mvblk_visit_is_welcome(const struct mvblk_visit *visit)
{
	const struct mm_struct *mm = READ_ONCE(visit->mm);

	return mm && in_task() && current->mm == mm &&
	       !(current->flags & (PF_KTHREAD | PF_EXITING));
}

/**
 * mvblk_visit_kick() - have a queue served by the current task, when it returns
 * @q: the queue, in any state
 *
 * Context: any.
 * Return: false if the worker has to do that.
 */
bool mvblk_visit_kick(struct mvblk_queue *q)
{
	struct mvblk_visit *visit = q->visit;

	if (!visit || !READ_ONCE(q->blk->nowait) || READ_ONCE(q->deep) ||
	    !mvblk_visit_is_welcome(visit))
		return false;
	/* Also if another one is due, which may not have come for long. */
	if (!delayed_work_pending(&visit->late))
		schedule_delayed_work(&visit->late, MVBLK_VISIT_PATIENCE);
	if (test_and_set_bit(MVBLK_VISIT_DUE, &visit->flags))
		return true;
	if (!try_module_get(THIS_MODULE))
		goto err;
	/* Both pair with mvblk_visit_come(). */
	refcount_inc(&visit->users);
	if (!task_work_add(current, &visit->work, TWA_RESUME))
		return true;
	mvblk_visit_put(visit);
	module_put(THIS_MODULE);
err:
	clear_bit(MVBLK_VISIT_DUE, &visit->flags);
	return false;
}

/**
 * mvblk_visit_begin() - let tasks of the current program serve a queue
 * @q: the queue, not started
 *
 * Context: process context, serialised by the class driver.
 */
void mvblk_visit_begin(struct mvblk_queue *q)
{
	if (q->visit && !mdev_soft_mem(&q->blk->soft)->direct)
		WRITE_ONCE(q->visit->mm, current->mm);
}

/**
 * mvblk_visit_end() - undo mvblk_visit_begin()
 * @q: the queue, stopped
 *
 * Context: process context, serialised by the class driver; sleeps.
 */
void mvblk_visit_end(struct mvblk_queue *q)
{
	if (!q->visit)
		return;
	WRITE_ONCE(q->visit->mm, NULL);
	cancel_delayed_work_sync(&q->visit->late);
}

/**
 * mvblk_visit_create() - make it possible that tasks serve a queue
 * @q: the queue
 *
 * Context: process context.
 * Return: 0 or -ENOMEM; mvblk_visit_destroy() undoes both.
 */
int mvblk_visit_create(struct mvblk_queue *q)
{
	struct mvblk_visit *visit = kzalloc(sizeof(*visit), GFP_KERNEL);

	if (!visit)
		return -ENOMEM;
	init_task_work(&visit->work, mvblk_visit_come);
	INIT_DELAYED_WORK(&visit->late, mvblk_visit_late);
	refcount_set(&visit->users, 1);
	spin_lock_init(&visit->lock);
	visit->q = q;
	q->visit = visit;
	return 0;
}

/**
 * mvblk_visit_destroy() - undo mvblk_visit_create()
 * @q: the queue, which nobody kicks any more
 *
 * Context: process context; sleeps.
 */
void mvblk_visit_destroy(struct mvblk_queue *q)
{
	struct mvblk_visit *visit = q->visit;

	if (!visit)
		return;
	spin_lock(&visit->lock);
	visit->q = NULL;
	spin_unlock(&visit->lock);
	/* A kick may have come between the last reset and the end. */
	cancel_delayed_work_sync(&visit->late);
	q->visit = NULL;
	mvblk_visit_put(visit);
}
