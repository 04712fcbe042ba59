// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: their life and their worker.  The device operations are in
 * soft_ops.c.
 */

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "soft_private.h"
#include "vq_private.h"

/* Whether we are in the parent's serve(), called by mdev_soft_serve_atomic() */
static bool mdev_soft_in_serve(const struct mdev_soft *soft)
{
	return READ_ONCE(soft->server) == current;
}

/*
 * A CPU that panic() has stopped may be in serve() and hold the lock.  panic() must
 * continue all the same, with messages to a console and a reboot.  Any other task
 * leaves serve() sooner.
 */
static bool mdev_soft_server_lost(struct mdev_soft *soft)
{
	unsigned int us;

	for (us = 0; us < USEC_PER_SEC; us++) {
		if (!READ_ONCE(soft->server))
			return false;
		udelay(1);
	}
	return true;
}

/*
 * Interrupts are off, because a kick from an interrupt handler would wait forever
 * for the task that it has interrupted.  As long as chains are left, the driver has
 * to kick for each chain that it adds, because it may spin for that one and keep the
 * worker from the CPU.  So it is asked for kicks before serve(), and again after it
 * because chains may have been added.  The worker calls the driver back later, because
 * whoever kicks may hold any lock of the driver's.
 *
 * Returns 1 if there may be more, 0 if not, -EBUSY if nobody will serve it any more.
 */
static int mdev_soft_serve_atomic(struct mdev_soft_vq *svq)
{
	struct mdev_soft *soft = svq->soft;
	unsigned long flags;
	bool more;

	if (unlikely(oops_in_progress) && mdev_soft_server_lost(soft))
		return -EBUSY;
	spin_lock_irqsave(&soft->serve_lock, flags);
	WRITE_ONCE(soft->server, current);
	mdev_vq_want_kick(&svq->vq);
	more = soft->desc->serve(soft, &svq->vq);
	if (more)
		mdev_vq_want_kick(&svq->vq);
	WRITE_ONCE(soft->server, NULL);
	spin_unlock_irqrestore(&soft->serve_lock, flags);
	return more;
}

/*
 * Whether the virtqueue, which is claimed, may be served in the context of the kick.
 * Its memory is not replaced before it is released.
 */
static bool mdev_soft_is_atomic(const struct mdev_soft_vq *svq)
{
	return mdev_vq_mem(&svq->vq)->direct && !svq->soft->desc->serve_sleeps;
}

static void mdev_soft_work(struct mdev_work *work)
{
	struct mdev_soft_vq *svq = container_of(work, struct mdev_soft_vq,
						work);
	bool more;

	if (!mdev_vq_claim(&svq->vq))
		return;
	if (mdev_soft_is_atomic(svq))
		more = mdev_soft_serve_atomic(svq) != 0;
	else
		more = svq->soft->desc->serve(svq->soft, &svq->vq);
	mdev_vq_release(&svq->vq);
	/* Release it in between: somebody may wait to stop the virtqueue. */
	if (more)
		mdev_worker_queue(&svq->soft->worker, work);
}

/*
 * serve() itself made the driver kick, through a message to a console that the
 * driver makes of this device.  serve() cannot be called again from within, and the
 * driver may spin for an answer.  So the driver gets all buffers back unchanged, and
 * that message is lost.  The task in serve() is the user of all queues.
 */
static void mdev_soft_kicked_inside(struct mdev_soft_vq *svq)
{
	struct mdev_vq_chain chain = { 0 };
	unsigned int num = mdev_vq_num(&svq->vq);

	if (!mdev_vq_claim(&svq->vq))
		return;
	while (num-- && mdev_vq_take(&svq->vq, &chain) > 0) {
		mdev_vq_count(&svq->vq, 0, 1);
		mdev_vq_give(&svq->vq, &chain, 0);
	}
	mdev_vq_release(&svq->vq);
}

/*
 * Serve, in the context of a kick, all that was in the ring at that time.  That is
 * done when as many chains were used as the ring has room for, on whichever CPU: the
 * worker serves what is added meanwhile.  Each call of serve() that leaves some has
 * used at least one, or is the last.
 *
 * Returns 1 if the worker has to go on, 0 if not, -EBUSY if nobody will.
 */
static int mdev_soft_serve_here(struct mdev_soft_vq *svq)
{
	u64 begin = READ_ONCE(svq->vq.counters.chains), used = 0;
	unsigned int num = mdev_vq_num(&svq->vq), calls;
	int more = 1;

	/*
	 * Spinlocks sleep on such a kernel, so they cannot be taken here.  Those
	 * of most drivers sleep, too, so the worker gets a CPU anyway.
	 */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())
		return 1;
	/* There, interrupts may be on in serve(), so others can kick meanwhile. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && mdev_soft_in_serve(svq->soft))
		return 1;
	if (mdev_soft_in_serve(svq->soft)) {
		mdev_soft_kicked_inside(svq);
		return 0;
	}

	for (calls = 0; more > 0 && calls <= num && used < num; calls++) {
		if (!mdev_vq_claim(&svq->vq))
			return 0;
		if (!mdev_soft_is_atomic(svq)) {
			mdev_vq_release(&svq->vq);
			return 1;
		}
		more = mdev_soft_serve_atomic(svq);
		/* Release it in between: somebody may wait to stop the virtqueue. */
		mdev_vq_release(&svq->vq);
		used = READ_ONCE(svq->vq.counters.chains) - begin;
	}
	return more;
}

/**
 * mdev_soft_kick() - have a virtqueue looked at
 * @soft: the device
 * @idx: index of the virtqueue, in any state
 *
 * For a parent that has something for the driver: input of a console, an event,
 * a result that took time.  &mdev_soft_desc.serve is called by the worker,
 * so the caller may hold locks that it takes.
 *
 * Context: any but an NMI; as &mdev_soft_desc.kick if there is one.
 */
void mdev_soft_kick(struct mdev_soft *soft, u16 idx)
{
	if (soft->desc->kick)
		soft->desc->kick(soft, idx);
	else
		mdev_worker_queue(&soft->worker, &soft->vqs[idx].work);
}
EXPORT_SYMBOL_GPL(mdev_soft_kick);

/**
 * mdev_soft_kicked() - the driver has kicked a virtqueue
 * @soft: the device
 * @idx: index of the virtqueue, in any state
 *
 * Some drivers spin until they have an answer, with interrupts off or a lock held.
 * Meanwhile the worker may get no CPU, and the driver's callback may not get the
 * lock.  So the answer is there when this returns, if the driver is one of the
 * kernel's own.
 *
 * Context: any but an NMI.
 * Return: true; false if the driver must not spin, because nobody can answer.
 */
bool mdev_soft_kicked(struct mdev_soft *soft, u16 idx)
{
	int ret = soft->desc->kick ? 1 : mdev_soft_serve_here(&soft->vqs[idx]);

	if (ret > 0)
		mdev_soft_kick(soft, idx);
	return ret >= 0;
}

static void mdev_soft_vq_wake(struct mdev_vq *vq)
{
	struct mdev_soft_vq *svq = container_of(vq, struct mdev_soft_vq, vq);

	mdev_soft_kick(svq->soft, svq - svq->soft->vqs);
}

static void mdev_soft_vq_broken(struct mdev_vq *vq)
{
	struct mdev_soft *soft = container_of(vq, struct mdev_soft_vq,
					      vq)->soft;

	atomic_or(VIRTIO_CONFIG_S_NEEDS_RESET, &soft->status);
	mdev_soft_config_changed(soft);
}

static void mdev_soft_vq_hurry(struct mdev_vq *vq)
{
	struct mdev_soft_vq *svq = container_of(vq, struct mdev_soft_vq, vq);
	struct mdev_soft *soft = svq->soft;

	if (soft->desc->serve)
		mdev_worker_hurry(&soft->worker);
	else if (soft->desc->get_vq_worker)
		mdev_worker_hurry(soft->desc->get_vq_worker(soft,
							    svq - soft->vqs));
}

static void mdev_soft_deliver(struct mdev_work *work)
{
	mdev_vq_deliver(&container_of(work, struct mdev_soft_vq, deliver)->vq);
}

static bool mdev_soft_vq_defer(struct mdev_vq *vq)
{
	struct mdev_soft_vq *svq = container_of(vq, struct mdev_soft_vq, vq);

	if (!mdev_soft_in_serve(svq->soft))
		return false;
	mdev_worker_queue(&svq->soft->worker, &svq->deliver);
	return true;
}

static const struct mdev_vq_ops mdev_soft_vq_serve_ops = {
	.wake = mdev_soft_vq_wake,
	.broken = mdev_soft_vq_broken,
	.defer = mdev_soft_vq_defer,
	.hurry = mdev_soft_vq_hurry,
};

/* Where the parent serves kicks, callbacks can always run. */
static const struct mdev_vq_ops mdev_soft_vq_kick_ops = {
	.wake = mdev_soft_vq_wake,
	.broken = mdev_soft_vq_broken,
	.hurry = mdev_soft_vq_hurry,
};

static void mdev_soft_tell_config(struct mdev_soft *soft)
{
	lockdep_assert_held(&soft->cb_lock);
	if (!soft->config_changed || !mdev_soft_live(soft))
		return;
	soft->config_changed = false;
	if (soft->cb.callback)
		soft->cb.callback(soft->cb.private);
}

/**
 * mdev_soft_config_changed() - tell the driver to read configuration and status
 * @soft: the device
 *
 * A driver that has not set DRIVER_OK yet does not expect to hear from the
 * device (virtio 1.2, section 2.1.2) and is told when it has set it.
 *
 * Context: process or softirq context with interrupts on; or
 * &mdev_soft_desc.serve, wherever that is called.
 */
void mdev_soft_config_changed(struct mdev_soft *soft)
{
	if (mdev_soft_in_serve(soft)) {
		mdev_worker_queue(&soft->worker, &soft->config_work);
		return;
	}
	spin_lock_bh(&soft->cb_lock);
	soft->config_changed = true;
	mdev_soft_tell_config(soft);
	spin_unlock_bh(&soft->cb_lock);
}
EXPORT_SYMBOL_GPL(mdev_soft_config_changed);

static void mdev_soft_config_work(struct mdev_work *work)
{
	mdev_soft_config_changed(container_of(work, struct mdev_soft,
					      config_work));
}

/**
 * mdev_soft_config_live() - tell the driver what could not be told before
 * @soft: the device, which has DRIVER_OK now
 *
 * Context: process context.
 */
void mdev_soft_config_live(struct mdev_soft *soft)
{
	/* If anyone saw no DRIVER_OK under this lock, its change is seen here. */
	spin_lock_bh(&soft->cb_lock);
	mdev_soft_tell_config(soft);
	spin_unlock_bh(&soft->cb_lock);
}

/**
 * mdev_soft_config_reset() - forget what the driver has not been told
 * @soft: the device
 *
 * A driver that starts again reads everything.
 *
 * Context: process context.
 */
void mdev_soft_config_reset(struct mdev_soft *soft)
{
	spin_lock_bh(&soft->cb_lock);
	soft->config_changed = false;
	spin_unlock_bh(&soft->cb_lock);
}

/**
 * mdev_soft_init() - make an instance a software device
 * @soft: zeroed, embedded in the parent's instance
 * @cdev: the instance
 * @desc: what kind of device it is; constant, outlives @soft
 *
 * Context: &mdev_class_parent_ops.create.
 * Return: 0; -ENOMEM; -EINVAL for a description that makes no sense.
 */
int mdev_soft_init(struct mdev_soft *soft, struct mdev_class_device *cdev,
		   const struct mdev_soft_desc *desc)
{
	const struct mdev_vq_ops *ops = desc->serve ? &mdev_soft_vq_serve_ops :
						      &mdev_soft_vq_kick_ops;
	u16 i;

	/* Exactly one of them has to serve a virtqueue */
	if (WARN_ON(!desc->serve == !desc->kick))
		return -EINVAL;
	soft->vqs = kvcalloc(desc->nr_vqs, sizeof(*soft->vqs), GFP_KERNEL);
	if (!soft->vqs)
		return -ENOMEM;
	soft->group_mem = kcalloc(max_t(u16, desc->nr_groups, 1),
				  sizeof(*soft->group_mem), GFP_KERNEL);
	if (!soft->group_mem) {
		kvfree(soft->vqs);
		return -ENOMEM;
	}

	soft->cdev = cdev;
	soft->desc = desc;
	soft->features = desc->features;
	spin_lock_init(&soft->cb_lock);
	spin_lock_init(&soft->serve_lock);
	mdev_worker_init(&soft->worker);
	mdev_work_init(&soft->config_work, mdev_soft_config_work);
	for (i = 0; i < desc->nr_vqs; i++) {
		soft->vqs[i].soft = soft;
		mdev_work_init(&soft->vqs[i].work, mdev_soft_work);
		mdev_work_init(&soft->vqs[i].deliver, mdev_soft_deliver);
		mdev_vq_init(&soft->vqs[i].vq, ops, &cdev->dev, i,
			     desc->num_max);
	}
	mdev_class_set_data(cdev, soft);
	mdev_class_set_virtio_ops(cdev, &mdev_soft_virtio_ops);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_soft_init);

/**
 * mdev_soft_destroy() - undo mdev_soft_init()
 * @soft: the device; no class driver is bound, and nothing of the parent's own
 *	looks at its virtqueues any more
 *
 * Context: &mdev_class_parent_ops.create or &mdev_class_parent_ops.remove.
 */
void mdev_soft_destroy(struct mdev_soft *soft)
{
	u16 i;

	mdev_worker_stop(&soft->worker);
	for (i = 0; i < soft->desc->nr_vqs; i++)
		mdev_vq_destroy(&soft->vqs[i].vq);
	kfree(soft->group_mem);
	kvfree(soft->vqs);
}
EXPORT_SYMBOL_GPL(mdev_soft_destroy);
