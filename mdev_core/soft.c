// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: their life, and what their virtqueues call.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "soft_private.h"

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
	u16 idx = svq - soft->vqs;

	if (soft->desc->serve)
		mdev_worker_hurry(&soft->worker);
	else if (soft->desc->get_vq_worker)
		mdev_worker_hurry(soft->desc->get_vq_worker(soft, idx));
	if (soft->desc->hurry_vq)
		soft->desc->hurry_vq(soft, idx);
}

static bool mdev_soft_vq_hopeless(struct mdev_vq *vq)
{
	struct mdev_soft_vq *svq = container_of(vq, struct mdev_soft_vq, vq);
	struct mdev_soft *soft = svq->soft;

	return soft->desc->vq_hopeless &&
	       soft->desc->vq_hopeless(soft, svq - soft->vqs);
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
	.hopeless = mdev_soft_vq_hopeless,
};

/* Where the parent serves kicks, callbacks can always run. */
static const struct mdev_vq_ops mdev_soft_vq_kick_ops = {
	.wake = mdev_soft_vq_wake,
	.broken = mdev_soft_vq_broken,
	.hurry = mdev_soft_vq_hurry,
	.hopeless = mdev_soft_vq_hopeless,
};

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
	soft->nr_vqs = desc->nr_vqs;
	soft->num_max = desc->num_max;
	soft->wanted = desc->features;
	/* Rings are always little-endian. */
	mdev_soft_limit_features(soft, desc->features,
				 BIT_ULL(VIRTIO_F_VERSION_1));
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

/**
 * mdev_soft_limit_features() - what the device, as it is set up, can offer
 * @soft: the device
 * @possible: what it can offer, some of &mdev_soft_desc.features
 * @required: what it has to offer, part of @possible
 *
 * Features that become possible again are offered again, unless somebody did not want
 * them.
 *
 * Context: &mdev_class_parent_ops.create, or between mdev_class_setup_begin() and
 * mdev_class_setup_end().
 */
void mdev_soft_limit_features(struct mdev_soft *soft, u64 possible,
			      u64 required)
{
	soft->possible = possible;
	soft->required = required;
	WRITE_ONCE(soft->features, (soft->wanted & possible) | required);
}
EXPORT_SYMBOL_GPL(mdev_soft_limit_features);

/**
 * mdev_soft_remove_features() - do not offer some features
 * @soft: the device
 * @features: which; those that are required stay
 *
 * The attribute features can bring them back.
 *
 * Context: &mdev_class_parent_ops.create.
 */
void mdev_soft_remove_features(struct mdev_soft *soft, u64 features)
{
	soft->wanted &= ~features;
	mdev_soft_limit_features(soft, soft->possible, soft->required);
}
EXPORT_SYMBOL_GPL(mdev_soft_remove_features);

/**
 * mdev_soft_set_nr_vqs() - change the number of virtqueues
 * @soft: the device
 * @nr_vqs: 1 to &mdev_soft_desc.nr_vqs
 *
 * Context: &mdev_class_parent_ops.create, or between mdev_class_setup_begin() and
 * mdev_class_setup_end().
 * Return: 0, or a negative errno and nothing has changed.
 */
int mdev_soft_set_nr_vqs(struct mdev_soft *soft, u16 nr_vqs)
{
	u16 old = soft->nr_vqs;
	int ret;

	WRITE_ONCE(soft->nr_vqs, nr_vqs);
	ret = mdev_class_vqs_changed(soft->cdev);
	if (!ret)
		return 0;
	WRITE_ONCE(soft->nr_vqs, old);
	mdev_class_vqs_changed(soft->cdev);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_soft_set_nr_vqs);
