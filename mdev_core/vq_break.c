// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: telling the driver, through its callbacks, of used buffers
 * and that the queue broke.
 */

#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include <trace/events/mdev_core.h>

#include "vq_break.h"
#include "vq_private.h"

/* Whether callbacks cannot run here: then mdev_vq_deliver() will call them. */
static bool mdev_vq_defer(struct mdev_vq *vq)
{
	return vq->ops->defer && vq->ops->defer(vq);
}

/* Tell the driver and a person that the queue broke. */
static void mdev_vq_tell(struct mdev_vq *vq)
{
	spin_lock_bh(&vq->cb_lock);
	/* @untold is clear if a new driver has come: its queue is not broken. */
	if (vq->untold && vq->cb.error)
		vq->cb.error(vq->cb.private);
	vq->untold = false;
	spin_unlock_bh(&vq->cb_lock);

	/* A console may be slow, and the driver has seen the status already. */
	dev_err_ratelimited(vq->dev,
			    "virtqueue %u broke: %s; the driver must reset it\n",
			    vq->index, vq->reason);
}

/**
 * mdev_vq_break() - give up on a virtqueue
 * @vq: claimed virtqueue, or one that is stopped
 * @fmt: the reason, for a person; then its arguments
 *
 * The queue is not served until it is stopped and started again.  The driver
 * is told through the error callback, and the parent through &mdev_vq_ops.broken.
 *
 * Context: the user of the queue, process or softirq context with interrupts
 * on, or where &mdev_vq_ops.defer says that the driver is told later; maybe
 * inside a read section.
 */
void mdev_vq_break(struct mdev_vq *vq, const char *fmt, ...)
{
	unsigned long flags;
	va_list args;

	if (vq->broken)
		return;
	va_start(args, fmt);
	spin_lock_irqsave(&vq->reason_lock, flags);
	vscnprintf(vq->reason, sizeof(vq->reason), fmt, args);
	spin_unlock_irqrestore(&vq->reason_lock, flags);
	va_end(args);
	WRITE_ONCE(vq->broken, true);
	trace_mdev_vq_break(vq);
	atomic64_inc(&vq->counters.errors);

	/* Set the status first: whoever is told of the error reads that. */
	vq->ops->broken(vq);
	/*
	 * Pairs with smp_load_acquire() in mdev_vq_deliver(), which may be due
	 * already.
	 */
	smp_store_release(&vq->untold, true);
	if (!mdev_vq_defer(vq))
		mdev_vq_tell(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_break);

/**
 * mdev_vq_get_reason() - why the queue broke last
 * @vq: a virtqueue in any state
 * @buf: result; empty if it never broke
 * @size: of it
 *
 * Also after it was reset: the reason is kept until it breaks again.
 *
 * Context: any.
 */
void mdev_vq_get_reason(struct mdev_vq *vq, char *buf, size_t size)
{
	unsigned long flags;

	spin_lock_irqsave(&vq->reason_lock, flags);
	strscpy(buf, vq->reason, size);
	spin_unlock_irqrestore(&vq->reason_lock, flags);
}

/**
 * mdev_vq_break_at() - give up on a virtqueue because of an address in it
 * @iter: of a chain of a claimed virtqueue; stands where a copy failed
 *
 * Context: as mdev_vq_break().
 */
void mdev_vq_break_at(const struct mdev_vq_iter *iter)
{
	u64 iova = iter->nr ? iter->seg->iova + iter->off : 0;

	/* A worker that was made to leave, see &struct mdev_worker */
	if (fatal_signal_pending(current))
		mdev_vq_break(iter->vq,
			      "a buffer at %#llx, where memory did not answer in time",
			      (unsigned long long)iova);
	else
		mdev_vq_break(iter->vq,
			      "a buffer at %#llx, which is not mapped",
			      (unsigned long long)iova);
}
EXPORT_SYMBOL_GPL(mdev_vq_break_at);

/**
 * mdev_vq_set_cb() - set the driver's callbacks
 * @vq: the virtqueue
 * @cb: copied; NULL for none
 *
 * When this returns the former callbacks neither run nor are called any more.  If
 * they are removed, a break that the driver has not been told of is never reported.
 *
 * Context: process context, not from a callback.
 */
void mdev_vq_set_cb(struct mdev_vq *vq, const struct virtio_mdev_callback *cb)
{
	static const struct virtio_mdev_callback none;

	spin_lock_bh(&vq->cb_lock);
	vq->cb = cb ? *cb : none;
	if (!cb) {
		vq->untold = false;
		WRITE_ONCE(vq->unsignalled, false);
	}
	spin_unlock_bh(&vq->cb_lock);
}
EXPORT_SYMBOL_GPL(mdev_vq_set_cb);

static void mdev_vq_signal_now(struct mdev_vq *vq)
{
	bool called = false;

	spin_lock_bh(&vq->cb_lock);
	if (vq->cb.callback) {
		vq->cb.callback(vq->cb.private);
		called = true;
	}
	spin_unlock_bh(&vq->cb_lock);

	if (called) {
		trace_mdev_vq_signal(vq);
		WRITE_ONCE(vq->counters.signals, vq->counters.signals + 1);
	}
}

/**
 * mdev_vq_signal() - interrupt the driver
 * @vq: claimed virtqueue
 *
 * Context: the user of the queue, process or softirq context with interrupts
 * on, because the callback may raise a softirq that should run soon; or where
 * &mdev_vq_ops.defer says that it is called later.  Better outside of a read
 * section.
 */
void mdev_vq_signal(struct mdev_vq *vq)
{
	if (vq->ops->defer) {
		/* Set before mdev_vq_deliver(), which may be queued already */
		WRITE_ONCE(vq->unsignalled, true);
		if (mdev_vq_defer(vq) || !xchg(&vq->unsignalled, false))
			return;
	}
	mdev_vq_signal_now(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_signal);

/**
 * mdev_vq_deliver() - tell the driver what was deferred
 * @vq: a virtqueue in any state, for which &mdev_vq_ops.defer has returned true
 *
 * Context: process or softirq context with interrupts on; not by two callers at a
 * time.
 */
void mdev_vq_deliver(struct mdev_vq *vq)
{
	/* What was used before it broke comes first. */
	if (xchg(&vq->unsignalled, false))
		mdev_vq_signal_now(vq);
	/* Pairs with smp_store_release() in mdev_vq_break() */
	if (smp_load_acquire(&vq->untold))
		mdev_vq_tell(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_deliver);

/**
 * mdev_vq_check_order() - whether a chain is the next one to be used
 * @vq: the virtqueue, VIRTIO_F_IN_ORDER negotiated
 * @chain: the chain
 * @pos: where the chain was popped that has to be used next
 *
 * Return: true if it is.  If not, the queue is broken, because the driver would take
 * one chain for another.
 */
bool mdev_vq_check_order(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
			 u16 pos)
{
	if (likely(chain->pos == pos))
		return true;
	mdev_vq_break(vq, "the device uses chains out of order, and offered VIRTIO_F_IN_ORDER");
	return false;
}
