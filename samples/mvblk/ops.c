// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: what struct mdev_soft is told of the device.
 */

#include <linux/pci_ids.h>

#include "helper.h"
#include "mvblk.h"

/* Those that an instance cannot have are taken away when it is created. */
#define MVBLK_FEATURES	(MDEV_SOFT_FEATURES |				\
			 BIT_ULL(VIRTIO_F_IN_ORDER) |			\
			 BIT_ULL(VIRTIO_BLK_F_SEG_MAX) |		\
			 BIT_ULL(VIRTIO_BLK_F_RO) |			\
			 BIT_ULL(VIRTIO_BLK_F_BLK_SIZE) |		\
			 BIT_ULL(VIRTIO_BLK_F_FLUSH) |			\
			 BIT_ULL(VIRTIO_BLK_F_TOPOLOGY) |		\
			 BIT_ULL(VIRTIO_BLK_F_MQ) |			\
			 BIT_ULL(VIRTIO_BLK_F_DISCARD) |		\
			 BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES))

static struct mvblk_queue *mvblk_queue_of(struct mdev_soft *soft, u16 idx)
{
	return &soft_to_mvblk(soft)->queues[idx];
}

static void mvblk_kick(struct mdev_soft *soft, u16 idx)
{
	mvblk_queue_kick(mvblk_queue_of(soft, idx));
}

static int mvblk_prepare_vq(struct mdev_soft *soft, u16 idx)
{
	struct mvblk *blk = soft_to_mvblk(soft);
	int ret;

	/* One queue, unless more were negotiated (section 5.2.2) */
	if (idx && !mvblk_has(blk, VIRTIO_BLK_F_MQ))
		return 1;

	ret = mvblk_file_wait(blk);
	if (ret)
		return ret;
	/* A task that changes the medium has finished before, or sees this. */
	mutex_lock(&blk->medium_lock);
	ret = mvblk_file_begin_use(blk);
	if (!ret)
		blk->active = true;
	mvblk_watch_begin(blk);
	mutex_unlock(&blk->medium_lock);
	if (ret)
		return ret;
	return mvblk_queue_prepare(mvblk_queue_of(soft, idx));
}

static struct mdev_worker *mvblk_get_vq_worker(struct mdev_soft *soft, u16 idx)
{
	return &mvblk_queue_of(soft, idx)->worker;
}

static void mvblk_hurry_vq(struct mdev_soft *soft, u16 idx)
{
	mvblk_helpers_hurry(mvblk_queue_of(soft, idx));
}

static bool mvblk_vq_hopeless(struct mdev_soft *soft, u16 idx)
{
	return mvblk_watch_is_hopeless(mvblk_queue_of(soft, idx));
}

static int mvblk_set_vq_affinity(struct mdev_soft *soft, u16 idx,
				 const struct cpumask *mask)
{
	return mdev_worker_set_affinity(mvblk_get_vq_worker(soft, idx), mask);
}

static const struct cpumask *mvblk_get_vq_affinity(struct mdev_soft *soft,
						   u16 idx)
{
	return mdev_worker_affinity(mvblk_get_vq_worker(soft, idx));
}

/* A driver that may switch the cache off has to be able to flush it (5.2.5.2). */
static int mvblk_check_offer(struct mdev_soft *soft, u64 features)
{
	if (!(features & BIT_ULL(VIRTIO_BLK_F_CONFIG_WCE)) ||
	    features & BIT_ULL(VIRTIO_BLK_F_FLUSH))
		return 0;
	mdev_class_error(soft->cdev,
			 "features: without FLUSH this device cannot offer CONFIG_WCE either");
	return -EINVAL;
}

/* Requests that fail because somebody ends their wait are not begun again. */
static void mvblk_stop(struct mdev_soft *soft)
{
	WRITE_ONCE(soft_to_mvblk(soft)->stopping, true);
}

static void mvblk_reset(struct mdev_soft *soft)
{
	struct mvblk *blk = soft_to_mvblk(soft);

	mvblk_watch_end(blk);
	mvblk_queues_reset(blk);
	WRITE_ONCE(blk->stopping, false);
	mutex_lock(&blk->medium_lock);
	blk->active = false;
	mvblk_watch_forget(blk);
	mvblk_file_end_use(blk);
	mutex_unlock(&blk->medium_lock);
}

/* Another instance that shares the file may use it now. */
static void mvblk_suspend(struct mdev_soft *soft)
{
	struct mvblk *blk = soft_to_mvblk(soft);

	mutex_lock(&blk->medium_lock);
	mvblk_file_end_use(blk);
	mutex_unlock(&blk->medium_lock);
}

static int mvblk_resume(struct mdev_soft *soft)
{
	struct mvblk *blk = soft_to_mvblk(soft);
	int ret = 0;

	mutex_lock(&blk->medium_lock);
	if (blk->active)
		ret = mvblk_file_begin_use(blk);
	mutex_unlock(&blk->medium_lock);
	return ret;
}

/*
 * What was written to the configuration space lasts until here, and not only until
 * a reset: a guest that wakes up resets the device, and its driver goes on without
 * flushes if it had switched the cache off before.
 */
static void mvblk_end_use(struct mdev_soft *soft)
{
	WRITE_ONCE(soft_to_mvblk(soft)->writethrough, false);
}

#define MVBLK_DESC(_features, _last) {					\
	.kick = mvblk_kick,						\
	.get_vq_worker = mvblk_get_vq_worker,				\
	.hurry_vq = mvblk_hurry_vq,					\
	.vq_hopeless = mvblk_vq_hopeless,				\
	.set_vq_affinity = mvblk_set_vq_affinity,			\
	.get_vq_affinity = mvblk_get_vq_affinity,			\
	.prepare_vq = mvblk_prepare_vq,					\
	.check_offer = mvblk_check_offer,				\
	.stop = mvblk_stop,						\
	.reset = mvblk_reset,						\
	.suspend = mvblk_suspend,					\
	.resume = mvblk_resume,						\
	.end_use = mvblk_end_use,					\
	.get_migration_blocker = mvblk_get_migration_blocker,		\
	.save = mvblk_save,						\
	.load = mvblk_load,						\
	.get_config = mvblk_get_config,					\
	.set_config = mvblk_set_config,					\
	.get_generation = mvblk_get_generation,				\
	.device_id = VIRTIO_ID_BLOCK,					\
	.vendor_id = PCI_VENDOR_ID_REDHAT_QUMRANET,			\
	.features = _features,						\
	.config_size = offsetofend(struct virtio_blk_config, _last),	\
	.nr_vqs = MVBLK_MAX_QUEUES,					\
	.num_max = MVBLK_NUM_MAX,					\
	.num_min = MVBLK_NUM_MIN,					\
}

/* No write to RAM is persistent, so there is no cache to switch off. */
const struct mdev_soft_desc mvblk_ram_desc =
	MVBLK_DESC(MVBLK_FEATURES, unused1);

/* It may have a block device, too.  Then requests wait for their turn if need be. */
const struct mdev_soft_desc mvblk_file_desc =
	MVBLK_DESC(MVBLK_FEATURES | BIT_ULL(VIRTIO_BLK_F_CONFIG_WCE), unused1);

/* Requests are given back as the disk has done them. */
const struct mdev_soft_desc mvblk_bdev_desc =
	MVBLK_DESC((MVBLK_FEATURES & ~BIT_ULL(VIRTIO_F_IN_ORDER)) |
		   BIT_ULL(VIRTIO_BLK_F_CONFIG_WCE) |
		   BIT_ULL(VIRTIO_BLK_F_SECURE_ERASE),
		   secure_erase_sector_alignment);
