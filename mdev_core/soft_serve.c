// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: serving a virtqueue, in the context of a kick or by the worker.
 */

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/printk.h>

#include "soft_private.h"
#include "vq_private.h"

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

/**
 * mdev_soft_work() - serve a virtqueue, by the worker
 * @work: that of the virtqueue
 */
void mdev_soft_work(struct mdev_work *work)
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
