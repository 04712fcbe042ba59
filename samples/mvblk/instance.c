// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: making and removing instances.
 */

#include <linux/slab.h>

#include "mvblk.h"

static void mvblk_free(struct mvblk *blk)
{
	unsigned int i;

	mvblk_watch_end(blk);
	for (i = 0; blk->queues && i < blk->soft.desc->nr_vqs; i++)
		mdev_visit_destroy(blk->queues[i].visit);
	mdev_soft_destroy(&blk->soft);
	kfree(blk->queues);
	mvblk_backing_close(blk->backing);
	mvblk_ram_destroy(blk);
	mutex_destroy(&blk->medium_lock);
	kfree(blk);
}

/* The first digits of the UUID, as many as fit */
static void mvblk_default_serial(struct mvblk *blk)
{
	const char *c = dev_name(&blk->soft.cdev->dev);
	char serial[VIRTIO_BLK_ID_BYTES];
	unsigned int len = 0;

	for (; *c && len < sizeof(serial); c++)
		if (*c != '-')
			serial[len++] = *c;
	mvblk_set_serial(blk, serial, len);
}

/**
 * mvblk_limit_features() - what a disk can offer that is read only, or is not
 * @blk: the instance
 *
 * Context: as that of mdev_soft_limit_features().
 */
void mvblk_limit_features(struct mvblk *blk)
{
	u64 possible = blk->soft.desc->features & ~BIT_ULL(VIRTIO_BLK_F_RO);
	u64 required = BIT_ULL(VIRTIO_F_VERSION_1);

	if (blk->read_only) {
		possible &= ~(BIT_ULL(VIRTIO_BLK_F_DISCARD) |
			      BIT_ULL(VIRTIO_BLK_F_WRITE_ZEROES) |
			      BIT_ULL(VIRTIO_BLK_F_SECURE_ERASE));
		/* A driver must know that it cannot write. */
		possible |= BIT_ULL(VIRTIO_BLK_F_RO);
		required |= BIT_ULL(VIRTIO_BLK_F_RO);
	}
	mdev_soft_limit_features(&blk->soft, possible, required);
}

static int mvblk_default_medium(struct mvblk *blk, u64 size)
{
	char *path = NULL;
	int ret;

	if (mvblk_in_ram(blk)) {
		mutex_lock(&blk->medium_lock);
		ret = mvblk_ram_resize(blk, size);
		mutex_unlock(&blk->medium_lock);
		return ret;
	}

	if (blk->bdev_only)
		return 0;
	ret = mvblk_default_path(blk->soft.cdev, &path);
	if (ret || !path)
		return ret;
	ret = mvblk_file_attach(blk, path);
	kfree(path);
	return ret;
}

static int mvblk_create(struct mdev_class_device *cdev)
{
	const struct mvblk_kind *kind = cdev->type->data;
	struct mvblk *blk;
	unsigned int i;
	int ret;

	blk = kzalloc(sizeof(*blk), GFP_KERNEL);
	if (!blk)
		return -ENOMEM;

	ret = mdev_soft_init(&blk->soft, cdev, kind->desc);
	if (ret) {
		kfree(blk);
		return ret;
	}
	blk->store = kind->store;
	blk->bdev_only = kind->bdev;
	blk->read_only = READ_ONCE(mvblk_read_only);
	mdev_soft_remove_features(&blk->soft, READ_ONCE(mvblk_features_off));
	mvblk_limit_features(blk);
	seqlock_init(&blk->state_lock);
	mutex_init(&blk->medium_lock);
	spin_lock_init(&blk->pages_lock);
	mvblk_default_serial(blk);
	mvblk_default_limits(&blk->limits);
	mvblk_watch_init(blk);

	ret = mdev_soft_set_nr_vqs(&blk->soft, mvblk_nr_queues);
	if (ret)
		goto err;
	ret = -ENOMEM;
	blk->queues = kcalloc(kind->desc->nr_vqs, sizeof(*blk->queues),
			      GFP_KERNEL);
	if (!blk->queues)
		goto err;
	for (i = 0; i < kind->desc->nr_vqs; i++)
		mvblk_queue_init(&blk->queues[i], blk, i);
	for (i = 0; i < kind->desc->nr_vqs && !mvblk_in_ram(blk); i++)
		if (mvblk_queue_create_visit(&blk->queues[i]))
			goto err;

	ret = mvblk_default_medium(blk, kind->size);
	if (ret)
		goto err;
	mdev_class_set_groups(cdev, mvblk_groups);
	return 0;

err:
	mvblk_free(blk);
	return ret;
}

static void mvblk_remove(struct mdev_class_device *cdev)
{
	/* The class driver has reset the device, if there ever was one. */
	mvblk_free(to_mvblk(cdev));
}

const struct mdev_class_parent_ops mvblk_parent_ops = {
	.owner = THIS_MODULE,
	.create = mvblk_create,
	.remove = mvblk_remove,
};
