// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: what the user of a queue calls, and counters.
 */

#include <linux/errno.h>
#include <linux/module.h>
#include <linux/wait_bit.h>

#include <linux/mdev_vq.h>
#include <trace/events/mdev_core.h>

#include "vq_break.h"
#include "vq_private.h"

/**
 * mdev_vq_claim() - become a user of the queue
 * @vq: the virtqueue
 *
 * Keeps the rings mapped.  It does not keep other users out: the parent has to do
 * that.
 *
 * Context: any.
 * Return: whether the queue is live and not broken; then mdev_vq_release() must
 * follow.
 */
bool mdev_vq_claim(struct mdev_vq *vq)
{
	/*
	 * Check first, because a program that kicks all the time must not keep
	 * mdev_vq_pause() waiting.  mdev_vq_pending() finds what is missed here.
	 */
	if (!mdev_vq_is_live(vq))
		return false;
	atomic_inc(&vq->users);
	/* Pairs with smp_mb() in mdev_vq_pause() */
	smp_mb__after_atomic();
	if (mdev_vq_is_live(vq) && !READ_ONCE(vq->broken))
		return true;
	mdev_vq_release(vq);
	return false;
}
EXPORT_SYMBOL_GPL(mdev_vq_claim);

/**
 * mdev_vq_release() - undo mdev_vq_claim()
 * @vq: the virtqueue
 *
 * Context: any; outside of any read section.
 */
void mdev_vq_release(struct mdev_vq *vq)
{
	/*
	 * Fully ordered: the user's accesses come before the unmapping, and the
	 * count comes before the look for a waiter.  After that @vq may be freed:
	 * wake_up_var() uses only the address.
	 */
	if (atomic_dec_and_test(&vq->users))
		wake_up_var(&vq->users);
}
EXPORT_SYMBOL_GPL(mdev_vq_release);

/**
 * mdev_vq_alive() - whether the rings may be touched
 * @vq: claimed virtqueue
 *
 * To be called once in each read section before anything else of the queue is
 * used in it.  Breaks the queue if the driver took its memory away.  Where it may come
 * back (&mdev_mem.rings_return), mdev_vq_section_enter() has looked.
 *
 * Context: inside a read section of the queue's memory.
 * Return: true if they may, until the section ends.
 */
bool mdev_vq_alive(struct mdev_vq *vq)
{
	const struct mdev_ring_map *lost;

	if (!mdev_vq_touchable(vq))
		return false;
	/* Whoever waits for rings has looked whether they are there. */
	if (vq->mem->rings_return)
		return true;
	lost = mdev_vq_lost(vq);
	if (lost)
		mdev_vq_break_lost(vq, lost);
	return !lost;
}
EXPORT_SYMBOL_GPL(mdev_vq_alive);

/**
 * mdev_vq_pending() - whether a queue has to be looked at without a kick
 * @vq: the virtqueue
 *
 * For whoever has let users in, with mdev_vq_start() or mdev_vq_resume(): kicks
 * that came before were lost.  Users may be in already.
 *
 * Context: process context, serialised by the class driver, outside of any read
 * section.
 * Return: false if the driver has made nothing available, and is going to kick
 * when it does, or if nobody may use the queue.
 */
bool mdev_vq_pending(struct mdev_vq *vq)
{
	bool pending;
	int token;

	if (!vq->started || !vq->live || READ_ONCE(vq->broken))
		return false;
	/*
	 * Users were let in before the last look.  Pairs with what orders the
	 * driver's making a buffer available before its kick, and the kick
	 * before mdev_vq_is_live().
	 */
	smp_mb();
	token = mdev_mem_enter(vq->mem);
	/*
	 * If its memory is gone, the user that looks at the queue breaks it, or
	 * may be mapping it again now.
	 */
	pending = vq->mem->rings_return || mdev_vq_lost(vq) ||
		  vq->layout->pending(vq);
	mdev_mem_leave(vq->mem, token);
	return pending;
}
EXPORT_SYMBOL_GPL(mdev_vq_pending);

/**
 * mdev_vq_get_stats() - read the counters
 * @vq: the virtqueue
 * @stats: result
 *
 * Context: any.
 */
void mdev_vq_get_stats(struct mdev_vq *vq, struct virtio_mdev_vq_stats *stats)
{
	stats->kicks = atomic64_read(&vq->counters.kicks);
	stats->errors = atomic64_read(&vq->counters.errors);
	stats->signals = READ_ONCE(vq->counters.signals);
	stats->chains = READ_ONCE(vq->counters.chains);
	stats->bytes = READ_ONCE(vq->counters.bytes);
	stats->drops = READ_ONCE(vq->counters.drops);
}
EXPORT_SYMBOL_GPL(mdev_vq_get_stats);

/**
 * mdev_vq_pop() - take the next chain that the driver made available
 * @vq: live virtqueue
 * @chain: @segs and @max_segs set by the caller; the rest is the result
 *
 * Context: the user of the queue, inside a read section, after
 * mdev_vq_alive().
 * Return: 1; 0 if there is none; -EAGAIN if an indirect table is not at hand:
 * leave the section, call mdev_vq_fault() and pop again; -EPROTO if the queue
 * broke.
 */
int mdev_vq_pop(struct mdev_vq *vq, struct mdev_vq_chain *chain)
{
	if (!mdev_vq_touchable(vq))
		return -EPROTO;
	chain->vq = vq;
	return vq->layout->pop(vq, chain);
}
EXPORT_SYMBOL_GPL(mdev_vq_pop);

/**
 * mdev_vq_unpop() - give back the chain popped last
 * @vq: claimed virtqueue
 * @chain: from mdev_vq_pop(), neither pushed nor given back; of several, the
 *	last one first
 *
 * It will be popped again.
 *
 * Context: the user of the queue; needs no read section.
 */
void mdev_vq_unpop(struct mdev_vq *vq, const struct mdev_vq_chain *chain)
{
	vq->layout->unpop(vq, chain);
}
EXPORT_SYMBOL_GPL(mdev_vq_unpop);

/**
 * mdev_vq_push() - write a used entry
 * @vq: live virtqueue
 * @chain: from mdev_vq_pop(); not to be used again
 * @len: bytes written into the chain, from the first on and without a gap: a
 *	driver may assume that the device has written all of them
 *
 * The driver does not see it before mdev_vq_publish().  With VIRTIO_F_IN_ORDER
 * chains are pushed in the order in which they were popped, or the queue
 * breaks; it writes fewer entries if chains are used in full.
 *
 * Context: as mdev_vq_pop().
 */
void mdev_vq_push(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		  u32 len)
{
	trace_mdev_vq_give(vq, chain, len);
	vq->layout->push(vq, chain, len);
	WRITE_ONCE(vq->counters.chains, vq->counters.chains + 1);
}
EXPORT_SYMBOL_GPL(mdev_vq_push);

/**
 * mdev_vq_publish() - let the driver see what was pushed
 * @vq: live virtqueue
 *
 * Nothing happens if the queue broke since: it is not touched again.
 *
 * Context: as mdev_vq_pop().
 */
void mdev_vq_publish(struct mdev_vq *vq)
{
	if (!mdev_vq_touchable(vq))
		return;
	vq->layout->publish(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_publish);

/**
 * mdev_vq_need_signal() - whether the driver wants a signal for what was published
 * @vq: live virtqueue
 *
 * To be called once after a batch.
 *
 * Context: as mdev_vq_pop().
 * Return: true if mdev_vq_signal() is due.
 */
bool mdev_vq_need_signal(struct mdev_vq *vq)
{
	if (!mdev_vq_touchable(vq))
		return false;
	return vq->layout->need_signal(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_need_signal);

/**
 * mdev_vq_disable_notify() - tell the driver that it need not kick
 * @vq: live virtqueue
 *
 * A hint: kicks may come all the same.
 *
 * Context: as mdev_vq_pop().
 */
void mdev_vq_disable_notify(struct mdev_vq *vq)
{
	if (!mdev_vq_touchable(vq))
		return;
	vq->layout->disable_notify(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_disable_notify);

/**
 * mdev_vq_enable_notify() - ask for a kick at the next chain
 * @vq: live virtqueue
 *
 * The next one is the first that mdev_vq_pop() has not found yet.  Chains that were
 * given back do not count: a user that needs more buffers waits for a new one.
 *
 * Context: as mdev_vq_pop().
 * Return: true if there are more already, so that the kick may not come: go on.
 */
bool mdev_vq_enable_notify(struct mdev_vq *vq)
{
	if (!mdev_vq_touchable(vq))
		return false;
	return vq->layout->enable_notify(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_enable_notify);
