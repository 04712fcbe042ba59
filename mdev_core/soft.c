// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: the device operations that are the same for all parents
 * built on the virtqueue library.
 */

#include <linux/module.h>
#include <linux/slab.h>

#include <linux/mdev_soft.h>

static bool mdev_soft_live(const struct mdev_soft *soft)
{
	return atomic_read(&soft->status) & VIRTIO_CONFIG_S_DRIVER_OK;
}

/**
 * mdev_vq_take() - take the next chain, whatever it takes
 * @vq: claimed virtqueue
 * @chain: @segs and @max_segs set by the caller; the rest is the result
 *
 * Where there is none the driver is asked for a kick.
 *
 * Context: the user of the queue, process context, outside of any read section;
 * sleeps.
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
static void mdev_soft_work(struct work_struct *work)
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
		queue_work(svq->soft->wq, work);
}

static void mdev_soft_kick(struct mdev_soft *soft, u16 idx)
{
	queue_work(soft->wq, &soft->vqs[idx].work);
}

static void mdev_soft_vq_wake(struct mdev_vq *vq)
{
	struct mdev_soft_vq *svq = container_of(vq, struct mdev_soft_vq, vq);

	queue_work(svq->soft->wq, &svq->work);
}

static void mdev_soft_vq_broken(struct mdev_vq *vq)
{
	struct mdev_soft *soft = container_of(vq, struct mdev_soft_vq,
					      vq)->soft;

	atomic_or(VIRTIO_CONFIG_S_NEEDS_RESET, &soft->status);
	spin_lock_bh(&soft->cb_lock);
	if (soft->cb.callback)
		soft->cb.callback(soft->cb.private);
	spin_unlock_bh(&soft->cb_lock);
}

static const struct mdev_vq_ops mdev_soft_vq_ops = {
	.wake = mdev_soft_vq_wake,
	.broken = mdev_soft_vq_broken,
};

/* ---- virtqueues ---- */

static int mdev_soft_set_vq_address(struct mdev_class_device *cdev, u16 idx,
				    u64 desc_area, u64 driver_area,
				    u64 device_area)
{
	return mdev_vq_set_address(mdev_soft_vq(mdev_soft_of(cdev), idx),
				   desc_area, driver_area, device_area);
}

static int mdev_soft_set_vq_num(struct mdev_class_device *cdev, u16 idx,
				u32 num)
{
	return mdev_vq_set_num(mdev_soft_vq(mdev_soft_of(cdev), idx), num);
}

static u16 mdev_soft_get_vq_num_max(struct mdev_class_device *cdev, u16 idx)
{
	return mdev_soft_of(cdev)->desc->num_max;
}

static u16 mdev_soft_get_vq_size(struct mdev_class_device *cdev, u16 idx)
{
	return mdev_vq_num(mdev_soft_vq(mdev_soft_of(cdev), idx));
}

static void mdev_soft_kick_vq(struct mdev_class_device *cdev, u16 idx)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	mdev_vq_kicked(mdev_soft_vq(soft, idx));
	mdev_soft_kick(soft, idx);
}

static void mdev_soft_set_vq_cb(struct mdev_class_device *cdev, u16 idx,
				const struct virtio_mdev_callback *cb)
{
	mdev_vq_set_cb(mdev_soft_vq(mdev_soft_of(cdev), idx), cb);
}

/* Map the rings of a virtqueue if it is ready; nobody is told of it yet. */
static int mdev_soft_start_vq(struct mdev_soft *soft, struct mdev_vq *vq)
{
	if (!mdev_vq_is_ready(vq) || mdev_vq_is_started(vq))
		return 0;
	if (!soft->cdev->mem)
		return -EFAULT;
	return mdev_vq_start(vq, soft->cdev->mem, soft->driver_features);
}

static int mdev_soft_set_vq_ready(struct mdev_class_device *cdev, u16 idx,
				  bool ready)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	struct mdev_vq *vq = mdev_soft_vq(soft, idx);
	int ret;

	if (!ready) {
		mdev_vq_stop(vq);
		return mdev_vq_set_ready(vq, false);
	}

	ret = mdev_vq_set_ready(vq, true);
	/* While suspended rings are left alone: resume starts it. */
	if (ret || !mdev_soft_live(soft) || soft->suspended)
		return ret;

	ret = mdev_soft_start_vq(soft, vq);
	if (ret) {
		mdev_vq_set_ready(vq, false);
		return ret;
	}
	/* The driver may have kicked a queue that was not there yet. */
	mdev_soft_kick(soft, idx);
	return 0;
}

static bool mdev_soft_get_vq_ready(struct mdev_class_device *cdev, u16 idx)
{
	return mdev_vq_is_ready(mdev_soft_vq(mdev_soft_of(cdev), idx));
}

static int mdev_soft_set_vq_state(struct mdev_class_device *cdev, u16 idx,
				  const struct virtio_mdev_vq_state *state)
{
	return mdev_vq_set_state(mdev_soft_vq(mdev_soft_of(cdev), idx), state);
}

static int mdev_soft_get_vq_state(struct mdev_class_device *cdev, u16 idx,
				  struct virtio_mdev_vq_state *state)
{
	return mdev_vq_get_state(mdev_soft_vq(mdev_soft_of(cdev), idx), state);
}

static int mdev_soft_get_vq_stats(struct mdev_class_device *cdev, u16 idx,
				  struct virtio_mdev_vq_stats *stats)
{
	mdev_vq_get_stats(mdev_soft_vq(mdev_soft_of(cdev), idx), stats);
	return 0;
}

static u16 mdev_soft_get_vq_count(struct mdev_class_device *cdev)
{
	return mdev_soft_of(cdev)->desc->nr_vqs;
}

/* ---- device ---- */

static u64 mdev_soft_get_device_features(struct mdev_class_device *cdev)
{
	return mdev_soft_of(cdev)->desc->features;
}

static int mdev_soft_set_driver_features(struct mdev_class_device *cdev,
					 u64 features)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (features & ~soft->desc->features)
		return -EINVAL;
	/* Rings are taken for little-endian ones. */
	if (!(features & BIT_ULL(VIRTIO_F_VERSION_1))) {
		dev_err_ratelimited(&cdev->dev,
				    "the driver must take VIRTIO_F_VERSION_1, for there is no legacy interface\n");
		return -EINVAL;
	}
	soft->driver_features = features;
	return 0;
}

static u64 mdev_soft_get_driver_features(struct mdev_class_device *cdev)
{
	return mdev_soft_of(cdev)->driver_features;
}

static u64 mdev_soft_get_mdev_features(struct mdev_class_device *cdev)
{
	return VIRTIO_MDEV_F_VERSION_1;
}

static void mdev_soft_set_config_cb(struct mdev_class_device *cdev,
				    const struct virtio_mdev_callback *cb)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	spin_lock_bh(&soft->cb_lock);
	soft->cb = cb ? *cb : (struct virtio_mdev_callback) {};
	spin_unlock_bh(&soft->cb_lock);
}

static u32 mdev_soft_get_device_id(struct mdev_class_device *cdev)
{
	return mdev_soft_of(cdev)->desc->device_id;
}

static u32 mdev_soft_get_vendor_id(struct mdev_class_device *cdev)
{
	return mdev_soft_of(cdev)->desc->vendor_id;
}

static u8 mdev_soft_get_status(struct mdev_class_device *cdev)
{
	return atomic_read(&mdev_soft_of(cdev)->status);
}

static void mdev_soft_stop(struct mdev_soft *soft)
{
	u16 i;

	for (i = 0; i < soft->desc->nr_vqs; i++)
		mdev_vq_stop(mdev_soft_vq(soft, i));
}

static int mdev_soft_start(struct mdev_soft *soft)
{
	int ret;
	u16 i;

	for (i = 0; i < soft->desc->nr_vqs; i++) {
		ret = mdev_soft_start_vq(soft, mdev_soft_vq(soft, i));
		if (ret) {
			mdev_soft_stop(soft);
			return ret;
		}
	}
	return 0;
}

static void mdev_soft_kick_all(struct mdev_soft *soft)
{
	u16 i;

	for (i = 0; i < soft->desc->nr_vqs; i++)
		mdev_soft_kick(soft, i);
}

static int mdev_soft_set_status(struct mdev_class_device *cdev, u8 status)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	bool start = (status & VIRTIO_CONFIG_S_DRIVER_OK) &&
		     !mdev_soft_live(soft);
	int ret;

	if (start) {
		ret = mdev_soft_start(soft);
		if (ret)
			return ret;
	}
	/* A virtqueue may break at once, so add to what is there. */
	atomic_or(status, &soft->status);
	if (start)
		mdev_soft_kick_all(soft);
	return 0;
}

static int mdev_soft_reset(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	u16 i;

	for (i = 0; i < soft->desc->nr_vqs; i++) {
		mdev_vq_stop(mdev_soft_vq(soft, i));
		mdev_vq_reset(mdev_soft_vq(soft, i));
	}
	soft->suspended = false;
	soft->driver_features = 0;
	atomic_set(&soft->status, 0);
	return 0;
}

static int mdev_soft_suspend(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	u16 i;

	if (!mdev_soft_live(soft))
		return -EINVAL;

	soft->suspended = true;
	for (i = 0; i < soft->desc->nr_vqs; i++)
		if (mdev_vq_is_started(mdev_soft_vq(soft, i)))
			mdev_vq_pause(mdev_soft_vq(soft, i));
	return 0;
}

static int mdev_soft_resume(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	int ret;
	u16 i;

	if (!mdev_soft_live(soft))
		return -EINVAL;

	soft->suspended = false;
	for (i = 0; i < soft->desc->nr_vqs; i++) {
		mdev_vq_resume(mdev_soft_vq(soft, i));
		ret = mdev_soft_start_vq(soft, mdev_soft_vq(soft, i));
		if (ret) {
			mdev_soft_suspend(cdev);
			return ret;
		}
	}
	/* What was kicked meanwhile */
	mdev_soft_kick_all(soft);
	return 0;
}

/* With a size of 0 the other two are never called, but have to be there. */
static size_t mdev_soft_get_config_size(struct mdev_class_device *cdev)
{
	return 0;
}

static void mdev_soft_get_config(struct mdev_class_device *cdev,
				 unsigned int offset, void *buf,
				 unsigned int len)
{
	memset(buf, 0, len);
}

static void mdev_soft_set_config(struct mdev_class_device *cdev,
				 unsigned int offset, const void *buf,
				 unsigned int len)
{
}

static const struct virtio_mdev_ops mdev_soft_virtio_ops = {
	.set_vq_address = mdev_soft_set_vq_address,
	.set_vq_num = mdev_soft_set_vq_num,
	.get_vq_num_max = mdev_soft_get_vq_num_max,
	.get_vq_size = mdev_soft_get_vq_size,
	.kick_vq = mdev_soft_kick_vq,
	.set_vq_cb = mdev_soft_set_vq_cb,
	.set_vq_ready = mdev_soft_set_vq_ready,
	.get_vq_ready = mdev_soft_get_vq_ready,
	.set_vq_state = mdev_soft_set_vq_state,
	.get_vq_state = mdev_soft_get_vq_state,
	.get_vq_stats = mdev_soft_get_vq_stats,
	.get_vq_count = mdev_soft_get_vq_count,
	.get_device_features = mdev_soft_get_device_features,
	.set_driver_features = mdev_soft_set_driver_features,
	.get_driver_features = mdev_soft_get_driver_features,
	.get_mdev_features = mdev_soft_get_mdev_features,
	.set_config_cb = mdev_soft_set_config_cb,
	.get_device_id = mdev_soft_get_device_id,
	.get_vendor_id = mdev_soft_get_vendor_id,
	.get_status = mdev_soft_get_status,
	.set_status = mdev_soft_set_status,
	.reset = mdev_soft_reset,
	.suspend = mdev_soft_suspend,
	.resume = mdev_soft_resume,
	.get_config_size = mdev_soft_get_config_size,
	.get_config = mdev_soft_get_config,
	.set_config = mdev_soft_set_config,
};

/**
 * mdev_soft_init() - make an instance a software device
 * @soft: zeroed, embedded in the parent's instance
 * @cdev: the instance
 * @desc: what kind of device it is; constant, outlives @soft
 *
 * Context: &mdev_class_parent_ops.create.
 * Return: 0 or -ENOMEM.
 */
int mdev_soft_init(struct mdev_soft *soft, struct mdev_class_device *cdev,
		   const struct mdev_soft_desc *desc)
{
	u16 i;

	soft->vqs = kvcalloc(desc->nr_vqs, sizeof(*soft->vqs), GFP_KERNEL);
	if (!soft->vqs)
		return -ENOMEM;
	soft->wq = alloc_workqueue("mdev_soft", WQ_UNBOUND, 0);
	if (!soft->wq) {
		kvfree(soft->vqs);
		return -ENOMEM;
	}

	soft->cdev = cdev;
	soft->desc = desc;
	spin_lock_init(&soft->cb_lock);
	for (i = 0; i < desc->nr_vqs; i++) {
		soft->vqs[i].soft = soft;
		INIT_WORK(&soft->vqs[i].work, mdev_soft_work);
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

	/* The virtqueues are stopped, but may have been kicked since. */
	destroy_workqueue(soft->wq);
	for (i = 0; i < soft->desc->nr_vqs; i++)
		mdev_vq_destroy(&soft->vqs[i].vq);
	kvfree(soft->vqs);
}
EXPORT_SYMBOL_GPL(mdev_soft_destroy);
