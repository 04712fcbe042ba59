// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: the device operations.
 */

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <trace/events/mdev_core.h>

#include "soft_private.h"
#include "vq_private.h"

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
	return READ_ONCE(mdev_soft_of(cdev)->num_max);
}

static int mdev_soft_set_vq_num_max(struct mdev_class_device *cdev, u16 num)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	u16 min = max_t(u16, soft->desc->num_min, 1);
	u16 i;

	if (num < min || num > soft->desc->num_max || !is_power_of_2(num)) {
		mdev_class_error(cdev, "queue_size %u: a power of two, %u to %u",
				 num, min, soft->desc->num_max);
		return -ERANGE;
	}
	WRITE_ONCE(soft->num_max, num);
	for (i = 0; i < soft->desc->nr_vqs; i++)
		mdev_vq_set_num_max(mdev_soft_vq(soft, i), num);
	return 0;
}

static u16 mdev_soft_get_vq_size(struct mdev_class_device *cdev, u16 idx)
{
	return mdev_vq_num(mdev_soft_vq(mdev_soft_of(cdev), idx));
}

static bool mdev_soft_kick_vq(struct mdev_class_device *cdev, u16 idx)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	struct mdev_vq *vq = mdev_soft_vq(soft, idx);

	mdev_vq_kicked(vq);
	trace_mdev_vq_kick(vq);
	return mdev_soft_kicked(soft, idx) && !mdev_vq_is_broken(vq);
}

static void mdev_soft_set_vq_cb(struct mdev_class_device *cdev, u16 idx,
				const struct virtio_mdev_callback *cb)
{
	mdev_vq_set_cb(mdev_soft_vq(mdev_soft_of(cdev), idx), cb);
}

static u32 mdev_soft_get_vq_group(struct mdev_class_device *cdev, u16 idx)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (!soft->desc->get_vq_group)
		return 0;
	return soft->desc->get_vq_group(soft, idx);
}

/* Map the rings of a virtqueue if it is ready; the caller has it served. */
static int mdev_soft_start_vq(struct mdev_soft *soft, u16 idx)
{
	struct mdev_vq *vq = mdev_soft_vq(soft, idx);
	struct mdev_mem *mem;
	int ret;

	/* QEMU enables all queues, also those that its guest does not use. */
	if (!mdev_vq_is_ready(vq) || !vq->has_address || mdev_vq_is_started(vq))
		return 0;
	mem = soft->group_mem[mdev_soft_get_vq_group(soft->cdev, idx)];
	if (!mem)
		mem = soft->cdev->mem;
	if (!mem)
		return -EFAULT;
	if (soft->desc->prepare_vq) {
		ret = soft->desc->prepare_vq(soft, idx);
		if (ret)
			return ret < 0 ? ret : 0;
	}
	if (soft->desc->serve) {
		/* The name of a task has 15 characters. */
		ret = mdev_worker_start(&soft->worker, mem, "mdev-%.8s",
					dev_name(&soft->cdev->dev));
		if (ret)
			return ret;
	}
	return mdev_vq_start(vq, mem);
}

static int mdev_soft_set_vq_ready(struct mdev_class_device *cdev, u16 idx,
				  bool ready)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	struct mdev_vq *vq = mdev_soft_vq(soft, idx);
	int ret;

	if (!ready) {
		mdev_vq_stop(vq);
		mdev_vq_set_ready(vq, false);
		return 0;
	}

	mdev_vq_set_ready(vq, true);
	/* While suspended, rings are not touched: resume starts the queue. */
	if (!mdev_soft_live(soft) || soft->suspended)
		return 0;

	ret = mdev_soft_start_vq(soft, idx);
	if (ret) {
		mdev_vq_set_ready(vq, false);
		return ret;
	}
	/* The driver may have kicked the queue before it was started. */
	mdev_soft_kicked(soft, idx);
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

static int mdev_soft_reset_vq(struct mdev_class_device *cdev, u16 idx)
{
	struct mdev_vq *vq = mdev_soft_vq(mdev_soft_of(cdev), idx);

	mdev_vq_stop(vq);
	mdev_vq_reset(vq);
	return 0;
}

static int
mdev_soft_get_vq_notification(struct mdev_class_device *cdev, u16 idx,
			      struct virtio_mdev_notification_area *area)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (!soft->desc->get_vq_notification)
		return -EOPNOTSUPP;
	return soft->desc->get_vq_notification(soft, idx, area);
}

static int mdev_soft_set_vq_affinity(struct mdev_class_device *cdev, u16 idx,
				     const struct cpumask *mask)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (!soft->desc->set_vq_affinity)
		return 0;
	return soft->desc->set_vq_affinity(soft, idx, mask);
}

static const struct cpumask *
mdev_soft_get_vq_affinity(struct mdev_class_device *cdev, u16 idx)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (!soft->desc->get_vq_affinity)
		return NULL;
	return soft->desc->get_vq_affinity(soft, idx);
}

static u16 mdev_soft_get_vq_count(struct mdev_class_device *cdev)
{
	return READ_ONCE(mdev_soft_of(cdev)->nr_vqs);
}

/* ---- device ---- */

static u32 mdev_soft_get_group_count(struct mdev_class_device *cdev)
{
	return max_t(u32, mdev_soft_of(cdev)->desc->nr_groups, 1);
}

static int mdev_soft_set_group_asid(struct mdev_class_device *cdev, u32 group,
				    u32 asid, struct mdev_mem *mem)
{
	if (group >= mdev_soft_get_group_count(cdev))
		return -EINVAL;
	mdev_soft_of(cdev)->group_mem[group] = mem;
	return 0;
}

static u64 mdev_soft_get_device_features(struct mdev_class_device *cdev)
{
	return READ_ONCE(mdev_soft_of(cdev)->features);
}

static void mdev_soft_get_feature_limits(struct mdev_class_device *cdev,
					 u64 *possible, u64 *required)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	*possible = soft->possible;
	*required = soft->required;
}

static int mdev_soft_set_device_features(struct mdev_class_device *cdev,
					 u64 features)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	int ret = 0;

	if (soft->desc->check_offer)
		ret = soft->desc->check_offer(soft, features);
	if (ret)
		return ret;
	/* Nobody was asked about those that are not possible now. */
	soft->wanted = features | (soft->wanted & ~soft->possible);
	mdev_soft_limit_features(soft, soft->possible, soft->required);
	return 0;
}

static int mdev_soft_check_features(struct mdev_soft *soft, u64 features)
{
	if (features & ~soft->features)
		return -EINVAL;
	/* Rings are assumed to be little-endian. */
	if (!(features & BIT_ULL(VIRTIO_F_VERSION_1))) {
		dev_err_ratelimited(&soft->cdev->dev,
				    "the driver must accept VIRTIO_F_VERSION_1: there is no legacy interface\n");
		return -EINVAL;
	}
	if (!soft->desc->check_features)
		return 0;
	return soft->desc->check_features(soft, features);
}

static void mdev_soft_take_features(struct mdev_soft *soft, u64 features)
{
	u16 i;

	WRITE_ONCE(soft->driver_features, features);
	for (i = 0; i < soft->nr_vqs; i++)
		mdev_vq_set_features(mdev_soft_vq(soft, i), features);
}

static int mdev_soft_set_driver_features(struct mdev_class_device *cdev,
					 u64 features)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	int ret;

	ret = mdev_soft_check_features(soft, features);
	if (ret)
		return ret;
	mdev_soft_take_features(soft, features);
	return 0;
}

static u64 mdev_soft_get_driver_features(struct mdev_class_device *cdev)
{
	return READ_ONCE(mdev_soft_of(cdev)->driver_features);
}

static u64 mdev_soft_get_mdev_features(struct mdev_class_device *cdev)
{
	return VIRTIO_MDEV_F_VERSION_1;
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

static void mdev_soft_stop_vqs(struct mdev_soft *soft)
{
	u16 i;

	for (i = 0; i < soft->nr_vqs; i++)
		mdev_vq_stop(mdev_soft_vq(soft, i));
}

static int mdev_soft_start_vqs(struct mdev_soft *soft)
{
	int ret;
	u16 i;

	for (i = 0; i < soft->nr_vqs; i++) {
		ret = mdev_soft_start_vq(soft, i);
		if (ret) {
			mdev_soft_stop_vqs(soft);
			return ret;
		}
	}
	return 0;
}

/* A queue may have buffers for which the driver kicked too early. */
static void mdev_soft_kick_all(struct mdev_soft *soft)
{
	u16 i;

	for (i = 0; i < soft->nr_vqs; i++)
		if (mdev_vq_pending(mdev_soft_vq(soft, i)))
			mdev_soft_kicked(soft, i);
}

static int mdev_soft_set_status(struct mdev_class_device *cdev, u8 status)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	u8 new = status & ~atomic_read(&soft->status);
	int ret;

	/* A driver that never set its features has not taken VERSION_1. */
	if (new & (VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK)) {
		ret = mdev_soft_check_features(soft, soft->driver_features);
		if (ret)
			return ret;
	}
	if (new & VIRTIO_CONFIG_S_DRIVER_OK) {
		ret = mdev_soft_start_vqs(soft);
		if (ret)
			return ret;
	}

	/* A virtqueue that breaks sets a bit at any time, so only add bits. */
	atomic_or(status & ~VIRTIO_CONFIG_S_NEEDS_RESET, &soft->status);

	if (new & VIRTIO_CONFIG_S_DRIVER_OK) {
		mdev_soft_config_live(soft);
		if (soft->desc->start)
			soft->desc->start(soft);
		mdev_soft_kick_all(soft);
	}
	return 0;
}

static int mdev_soft_reset(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	u16 i;

	if (mdev_soft_live(soft) && soft->desc->stop)
		soft->desc->stop(soft);
	mdev_soft_stop_vqs(soft);
	mdev_soft_take_features(soft, 0);
	for (i = 0; i < soft->nr_vqs; i++)
		mdev_vq_reset(mdev_soft_vq(soft, i));
	mdev_worker_stop(&soft->worker);
	if (soft->desc->reset)
		soft->desc->reset(soft);
	/* The workers are stopped, so this takes effect for the next driver. */
	for (i = 0; i < soft->nr_vqs; i++)
		mdev_soft_set_vq_affinity(cdev, i, NULL);
	memset(soft->group_mem, 0, mdev_soft_get_group_count(cdev) *
	       sizeof(*soft->group_mem));
	atomic_set(&soft->status, 0);
	mdev_soft_config_reset(soft);
	return 0;
}

static void mdev_soft_pause(struct mdev_soft *soft)
{
	u16 i;

	mdev_soft_config_suspend(soft, true);
	for (i = 0; i < soft->nr_vqs; i++)
		if (mdev_vq_is_started(mdev_soft_vq(soft, i)))
			mdev_vq_pause(mdev_soft_vq(soft, i));
	if (soft->desc->suspend)
		soft->desc->suspend(soft);
}

/* A device that cannot be paused goes on, with -EBUSY. */
static int mdev_soft_try_pause(struct mdev_soft *soft)
{
	struct mdev_vq *vq;
	int ret = 0;
	u16 i;

	mdev_soft_config_suspend(soft, true);
	for (i = 0; i < soft->desc->nr_vqs && !ret; i++) {
		vq = mdev_soft_vq(soft, i);
		if (mdev_vq_is_started(vq))
			ret = mdev_vq_try_pause(vq);
	}
	if (!ret) {
		if (soft->desc->suspend)
			soft->desc->suspend(soft);
		return 0;
	}
	for (i = 0; i < soft->desc->nr_vqs; i++)
		mdev_vq_resume(mdev_soft_vq(soft, i));
	mdev_soft_config_suspend(soft, false);
	/* Kicks had no effect meanwhile. */
	mdev_soft_kick_all(soft);
	return ret;
}

static int mdev_soft_suspend(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (!mdev_soft_live(soft))
		return -EINVAL;
	/* Somebody may only want to be sure. */
	if (soft->suspended) {
		mdev_soft_pause(soft);
		return 0;
	}
	return mdev_soft_try_pause(soft);
}

/* Let the virtqueues be served again; a failure leaves some of them so. */
static int mdev_soft_unpause(struct mdev_soft *soft)
{
	struct mdev_vq *vq;
	int ret;
	u16 i;

	for (i = 0; i < soft->nr_vqs; i++) {
		vq = mdev_soft_vq(soft, i);
		if (mdev_vq_is_started(vq)) {
			ret = mdev_vq_renew(vq);
			mdev_vq_resume(vq);
		} else {
			ret = mdev_soft_start_vq(soft, i);
		}
		if (ret)
			return ret;
	}
	return 0;
}

static int mdev_soft_resume(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);
	int ret;

	if (!mdev_soft_live(soft))
		return -EINVAL;
	if (soft->suspended && soft->desc->resume) {
		ret = soft->desc->resume(soft);
		if (ret)
			return ret;
	}
	ret = mdev_soft_unpause(soft);
	if (ret) {
		mdev_soft_pause(soft);
		return ret;
	}
	mdev_soft_config_suspend(soft, false);
	/* Kicks had no effect meanwhile. */
	mdev_soft_kick_all(soft);
	return 0;
}

/* ---- migration ---- */

static const char *
mdev_soft_get_migration_blocker(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (!soft->desc->save || !soft->desc->load)
		return "its parent driver cannot save its state";
	if (!soft->desc->get_migration_blocker)
		return NULL;
	return soft->desc->get_migration_blocker(soft);
}

static int mdev_soft_save(struct mdev_class_device *cdev,
			  struct mdev_state_writer *w)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	return soft->desc->save(soft, w);
}

static int mdev_soft_load(struct mdev_class_device *cdev,
			  struct mdev_state_reader *r)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	return soft->desc->load(soft, r);
}

/* ---- configuration space ---- */

static void mdev_soft_set_config_cb(struct mdev_class_device *cdev,
				    const struct virtio_mdev_callback *cb)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	spin_lock_bh(&soft->cb_lock);
	soft->cb = cb ? *cb : (struct virtio_mdev_callback) {};
	spin_unlock_bh(&soft->cb_lock);
}

static size_t mdev_soft_get_config_size(struct mdev_class_device *cdev)
{
	return mdev_soft_of(cdev)->desc->config_size;
}

static void mdev_soft_get_config(struct mdev_class_device *cdev,
				 unsigned int offset, void *buf,
				 unsigned int len)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (soft->desc->get_config)
		soft->desc->get_config(soft, offset, buf, len);
	else
		memset(buf, 0, len);
}

static void mdev_soft_set_config(struct mdev_class_device *cdev,
				 unsigned int offset, const void *buf,
				 unsigned int len)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (soft->desc->set_config)
		soft->desc->set_config(soft, offset, buf, len);
}

static u32 mdev_soft_get_generation(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	return soft->desc->get_generation ? soft->desc->get_generation(soft) :
					    0;
}

static void mdev_soft_end_use(struct mdev_class_device *cdev)
{
	struct mdev_soft *soft = mdev_soft_of(cdev);

	if (soft->desc->end_use)
		soft->desc->end_use(soft);
}

const struct virtio_mdev_ops mdev_soft_virtio_ops = {
	.set_vq_address = mdev_soft_set_vq_address,
	.set_vq_num = mdev_soft_set_vq_num,
	.get_vq_num_max = mdev_soft_get_vq_num_max,
	.set_vq_num_max = mdev_soft_set_vq_num_max,
	.get_vq_size = mdev_soft_get_vq_size,
	.kick_vq = mdev_soft_kick_vq,
	.set_vq_cb = mdev_soft_set_vq_cb,
	.set_vq_ready = mdev_soft_set_vq_ready,
	.get_vq_ready = mdev_soft_get_vq_ready,
	.set_vq_state = mdev_soft_set_vq_state,
	.get_vq_state = mdev_soft_get_vq_state,
	.reset_vq = mdev_soft_reset_vq,
	.get_vq_group = mdev_soft_get_vq_group,
	.get_vq_notification = mdev_soft_get_vq_notification,
	.set_vq_affinity = mdev_soft_set_vq_affinity,
	.get_vq_affinity = mdev_soft_get_vq_affinity,
	.get_vq_stats = mdev_soft_get_vq_stats,
	.show_vq = mdev_soft_show_vq,
	.get_vq_count = mdev_soft_get_vq_count,
	.get_device_features = mdev_soft_get_device_features,
	.get_feature_limits = mdev_soft_get_feature_limits,
	.set_device_features = mdev_soft_set_device_features,
	.set_driver_features = mdev_soft_set_driver_features,
	.get_driver_features = mdev_soft_get_driver_features,
	.get_mdev_features = mdev_soft_get_mdev_features,
	.set_config_cb = mdev_soft_set_config_cb,
	.get_device_id = mdev_soft_get_device_id,
	.get_vendor_id = mdev_soft_get_vendor_id,
	.get_status = mdev_soft_get_status,
	.set_status = mdev_soft_set_status,
	.reset = mdev_soft_reset,
	.end_use = mdev_soft_end_use,
	.suspend = mdev_soft_suspend,
	.resume = mdev_soft_resume,
	.get_migration_blocker = mdev_soft_get_migration_blocker,
	.save = mdev_soft_save,
	.load = mdev_soft_load,
	.get_group_count = mdev_soft_get_group_count,
	.set_group_asid = mdev_soft_set_group_asid,
	.get_config_size = mdev_soft_get_config_size,
	.get_config = mdev_soft_get_config,
	.set_config = mdev_soft_set_config,
	.get_generation = mdev_soft_get_generation,
};
