// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: their life, their worker and what it does to take and give
 * one chain at a time.  The device operations are in soft_ops.c.
 */

#include <linux/module.h>
#include <linux/slab.h>

#include "soft_private.h"

/**
 * mdev_vq_take() - take the next chain, whatever it takes
 * @vq: claimed virtqueue
 * @chain: @segs and @max_segs set by the caller; the rest is the result
 *
 * Where there is none the driver is asked for a kick.
 *
 * Context: the user of the queue, outside of any read section; process context
 * and sleeps, unless the memory is direct: then process or softirq context with
 * interrupts on.
 * Return: 1; 0 if there is none; -EPROTO if the queue broke.
 */
int mdev_vq_take(struct mdev_vq *vq, struct mdev_vq_chain *chain)
{
	int token, ret;

	do {
		token = mdev_mem_enter(vq->mem);
		ret = -EPROTO;
		if (mdev_vq_alive(vq)) {
			ret = mdev_vq_pop(vq, chain);
			if (!ret && mdev_vq_enable_notify(vq))
				ret = mdev_vq_pop(vq, chain);
		}
		mdev_mem_leave(vq->mem, token);
		if (ret != -EAGAIN)
			return ret;
		/* An indirect table that is not at hand: fetch it. */
		ret = mdev_vq_fault(vq);
	} while (!ret);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_vq_take);

/**
 * mdev_vq_give() - give a chain back to the driver
 * @vq: claimed virtqueue
 * @chain: from mdev_vq_take(); not to be used again
 * @len: bytes written into the chain
 *
 * The driver is signalled if it wants to be.
 *
 * Context: as mdev_vq_take().
 */
void mdev_vq_give(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		  u32 len)
{
	bool signal = false;
	int token;

	token = mdev_mem_enter(vq->mem);
	if (mdev_vq_alive(vq)) {
		mdev_vq_push(vq, chain, len);
		mdev_vq_publish(vq);
		signal = mdev_vq_need_signal(vq);
	} else {
		mdev_vq_unpop(vq, chain);
	}
	mdev_mem_leave(vq->mem, token);

	if (signal)
		mdev_vq_signal(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_give);

/* A kick may come with interrupts off, so it is served in here. */
static void mdev_soft_work(struct mdev_work *work)
{
	struct mdev_soft_vq *svq = container_of(work, struct mdev_soft_vq,
						work);
	bool more;

	if (!mdev_vq_claim(&svq->vq))
		return;
	more = svq->soft->desc->serve(svq->soft, &svq->vq);
	mdev_vq_release(&svq->vq);
	/* Let go in between, for whoever waits to stop the virtqueue. */
	if (more)
		mdev_worker_queue(&svq->soft->worker, work);
}

/**
 * mdev_soft_kick() - have a virtqueue looked at
 * @soft: the device
 * @idx: index of the virtqueue, in any state
 *
 * Context: any.
 */
void mdev_soft_kick(struct mdev_soft *soft, u16 idx)
{
	if (soft->desc->kick)
		soft->desc->kick(soft, idx);
	else
		mdev_worker_queue(&soft->worker, &soft->vqs[idx].work);
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

static const struct mdev_vq_ops mdev_soft_vq_ops = {
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
 * device (virtio 1.2, section 2.1.2) and is told once it has.
 *
 * Context: process or softirq context with interrupts on.
 */
void mdev_soft_config_changed(struct mdev_soft *soft)
{
	spin_lock_bh(&soft->cb_lock);
	soft->config_changed = true;
	mdev_soft_tell_config(soft);
	spin_unlock_bh(&soft->cb_lock);
}
EXPORT_SYMBOL_GPL(mdev_soft_config_changed);

/**
 * mdev_soft_config_live() - tell the driver what could not be told before
 * @soft: the device, which has DRIVER_OK now
 *
 * Context: process context.
 */
void mdev_soft_config_live(struct mdev_soft *soft)
{
	/* Whoever saw no DRIVER_OK has left the lock, and what it set is seen. */
	spin_lock_bh(&soft->cb_lock);
	mdev_soft_tell_config(soft);
	spin_unlock_bh(&soft->cb_lock);
}

/**
 * mdev_soft_config_reset() - forget what the driver has not been told
 * @soft: the device
 *
 * A driver that begins anew reads everything.
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
	u16 i;

	/* One of them, or nobody would serve a virtqueue */
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
	mdev_worker_init(&soft->worker);
	for (i = 0; i < desc->nr_vqs; i++) {
		soft->vqs[i].soft = soft;
		mdev_work_init(&soft->vqs[i].work, mdev_soft_work);
		mdev_vq_init(&soft->vqs[i].vq, &mdev_soft_vq_ops, &cdev->dev, i,
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
