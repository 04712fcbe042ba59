// SPDX-License-Identifier: GPL-2.0-only
/*
 * Visits: a virtqueue that a program's own task serves, on its way back to user mode.
 *
 * A program kicks by an eventfd, or by a write that must not sleep.  There a lock is
 * held and interrupts may be off, so little can be done.  But the task is about to
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

#include <linux/mdev_mem.h>
#include <linux/mdev_visit.h>
#include <linux/mdev_vq.h>

/* Jiffies after which a task that has not returned is not waited for */
#define MDEV_VISIT_PATIENCE	2

/**
 * struct mdev_visit - what a task needs to serve a queue on its way back
 * @work: of the task that comes
 * @ops: the parent's
 * @data: for them
 * @flags: MDEV_VISIT_DUE
 * @mm: that of the program which uses the device; only compared.  NULL if there is none
 * @late: looks whether the task has come
 * @users: the queue; a task that is due
 * @lock: guards @vq
 * @vq: the queue, NULL when it is gone
 */
struct mdev_visit {
	struct callback_head work;
	const struct mdev_visit_ops *ops;
	void *data;
	unsigned long flags;
	const struct mm_struct *mm;
	struct delayed_work late;
	refcount_t users;
	spinlock_t lock;	/* guards vq, see above */
	struct mdev_vq *vq;
};

/* Bit of &mdev_visit.flags: a task is going to come */
#define MDEV_VISIT_DUE		0

static void mdev_visit_put(struct mdev_visit *visit)
{
	if (refcount_dec_and_test(&visit->users))
		kfree(visit);
}

/* The queue, claimed, so that it stays; or NULL */
static struct mdev_vq *mdev_visit_claim(struct mdev_visit *visit)
{
	struct mdev_vq *vq;

	spin_lock(&visit->lock);
	vq = visit->vq;
	if (vq && !mdev_vq_claim(vq))
		vq = NULL;
	spin_unlock(&visit->lock);
	return vq;
}

/* In the task that has kicked, without any lock */
static void mdev_visit_come(struct callback_head *work)
{
	struct mdev_visit *visit = container_of(work, struct mdev_visit, work);
	struct module *owner = visit->ops->owner;
	struct mdev_vq *vq;

	/*
	 * A kick from now on is for another visit; what was added before it is seen here.
	 * A full barrier, as test_and_set_bit() in mdev_visit_kick() is.  Before the
	 * claim: if that fails, the queue is looked at when it is started or resumed, and
	 * a kick that comes after that must not rely on this visit.
	 */
	test_and_clear_bit(MDEV_VISIT_DUE, &visit->flags);
	vq = mdev_visit_claim(visit);
	if (vq) {
		visit->ops->come(visit->data);
		mdev_vq_release(vq);
	}
	/* Both pair with mdev_visit_kick(). */
	mdev_visit_put(visit);
	module_put(owner);
}

static void mdev_visit_late(struct work_struct *work)
{
	struct mdev_visit *visit = container_of(to_delayed_work(work),
						struct mdev_visit, late);
	struct mdev_vq *vq;

	if (!test_bit(MDEV_VISIT_DUE, &visit->flags))
		return;
	vq = mdev_visit_claim(visit);
	if (!vq)
		return;
	visit->ops->late(visit->data);
	mdev_vq_release(vq);
}

/*
 * Whether the current task is one of the program, and will return to it.  The threads that
 * io_uring and vhost make have the program's memory, but never return.
 */
static bool mdev_visit_is_welcome(const struct mdev_visit *visit)
{
	const struct mm_struct *mm = READ_ONCE(visit->mm);

	return mm && in_task() && current->mm == mm &&
	       !(current->flags & (PF_KTHREAD | PF_USER_WORKER | PF_EXITING));
}

/**
 * mdev_visit_kick() - have a queue served by the current task, when it returns
 * @visit: of the queue, in any state
 *
 * Context: any.
 * Return: false if the worker has to do that.
 */
bool mdev_visit_kick(struct mdev_visit *visit)
{
	bool due;

	if (!mdev_visit_is_welcome(visit))
		return false;
	/*
	 * A full barrier.  If @late is pending after it, it has yet to look at the flag,
	 * and sees it: a work is no longer pending, with another full barrier, before it
	 * runs.
	 */
	due = test_and_set_bit(MDEV_VISIT_DUE, &visit->flags);
	/* Also if another one is due, which may not have come for long. */
	if (!delayed_work_pending(&visit->late))
		schedule_delayed_work(&visit->late, MDEV_VISIT_PATIENCE);
	if (due)
		return true;
	/* Both pair with mdev_visit_come(). */
	if (!try_module_get(visit->ops->owner))
		goto err;
	refcount_inc(&visit->users);
	if (!task_work_add(current, &visit->work, TWA_RESUME))
		return true;
	mdev_visit_put(visit);
	module_put(visit->ops->owner);
err:
	clear_bit(MDEV_VISIT_DUE, &visit->flags);
	return false;
}
EXPORT_SYMBOL_GPL(mdev_visit_kick);

/**
 * mdev_visit_begin() - let tasks of the current program serve a queue
 * @visit: of the queue, not started
 * @mem: the driver's memory; nothing happens if that is the kernel's own driver's
 *
 * Context: process context, serialised by the class driver.
 */
void mdev_visit_begin(struct mdev_visit *visit, const struct mdev_mem *mem)
{
	if (!mem->direct)
		WRITE_ONCE(visit->mm, current->mm);
}
EXPORT_SYMBOL_GPL(mdev_visit_begin);

/**
 * mdev_visit_end() - undo mdev_visit_begin()
 * @visit: of the queue, stopped
 *
 * Context: process context, serialised by the class driver; sleeps.
 */
void mdev_visit_end(struct mdev_visit *visit)
{
	WRITE_ONCE(visit->mm, NULL);
	cancel_delayed_work_sync(&visit->late);
}
EXPORT_SYMBOL_GPL(mdev_visit_end);

/**
 * mdev_visit_create() - make it possible that tasks serve a queue
 * @ops: what to do; constant
 * @vq: the queue
 * @data: for @ops
 *
 * Context: process context.
 * Return: the visit, which mdev_visit_destroy() undoes; NULL if there is no memory.
 */
struct mdev_visit *mdev_visit_create(const struct mdev_visit_ops *ops,
				     struct mdev_vq *vq, void *data)
{
	struct mdev_visit *visit = kzalloc(sizeof(*visit), GFP_KERNEL);

	if (!visit)
		return NULL;
	visit->ops = ops;
	visit->data = data;
	init_task_work(&visit->work, mdev_visit_come);
	INIT_DELAYED_WORK(&visit->late, mdev_visit_late);
	refcount_set(&visit->users, 1);
	spin_lock_init(&visit->lock);
	visit->vq = vq;
	return visit;
}
EXPORT_SYMBOL_GPL(mdev_visit_create);

/**
 * mdev_visit_destroy() - undo mdev_visit_create()
 * @visit: of a queue that nobody kicks any more, or NULL
 *
 * A task that is still due finds nothing to serve.
 *
 * Context: process context; sleeps.
 */
void mdev_visit_destroy(struct mdev_visit *visit)
{
	if (!visit)
		return;
	spin_lock(&visit->lock);
	visit->vq = NULL;
	spin_unlock(&visit->lock);
	/* A kick may have come between the last reset and the end. */
	cancel_delayed_work_sync(&visit->late);
	mdev_visit_put(visit);
}
EXPORT_SYMBOL_GPL(mdev_visit_destroy);
