// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: taking the state of an instance along to another host.
 *
 * The sectors do not go along: both hosts need access to the same file or block
 * device, such as one of a network file system, whose name may differ.  To find a
 * wrong disk, what the driver knows of the disk is compared.  Of what a driver has
 * set only the write cache is left between two requests.
 */

#include <linux/mdev_state.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mvblk.h"
#include "req.h"

/**
 * mvblk_get_migration_blocker() - &mdev_soft_desc.get_migration_blocker
 * @soft: the instance
 *
 * Context: any.
 * Return: why it cannot move to another host, or NULL.
 */
const char *mvblk_get_migration_blocker(struct mdev_soft *soft)
{
	return mvblk_in_ram(soft_to_mvblk(soft)) ?
	       "its disk is in the memory of this host" : NULL;
}

static void mvblk_describe(struct mvblk *blk, struct mvblk_saved *saved)
{
	struct mvblk_limits limits;

	mvblk_get_limits(blk, &limits);
	saved->capacity = atomic64_read(&blk->capacity);
	saved->block_size = limits.block;
	saved->read_only = blk->read_only;
	saved->writethrough = READ_ONCE(blk->writethrough);
	mvblk_get_serial(blk, saved->serial);
	mutex_lock(&blk->medium_lock);
	if (blk->backing)
		strscpy(saved->name, kbasename(blk->backing->path),
			sizeof(saved->name));
	mutex_unlock(&blk->medium_lock);
}

/**
 * mvblk_save() - &mdev_soft_desc.save
 * @soft: the instance
 * @w: where to
 *
 * What the driver has written becomes visible to the other host.
 *
 * Context: process context, serialised by the class driver; the device is suspended
 * or not live, so no request is half done.
 * Return: 0; -ENOMEM; -EBUSY if the rings were taken away while requests were in
 * progress; or what writing back failed with.
 */
int mvblk_save(struct mdev_soft *soft, struct mdev_state_writer *w)
{
	struct mvblk *blk = soft_to_mvblk(soft);
	struct mvblk_saved *saved;
	int ret = 0;

	saved = kzalloc(sizeof(*saved), GFP_KERNEL);
	if (!saved)
		return -ENOMEM;
	mvblk_describe(blk, saved);
	/* Some cannot be given back while their rings are not there. */
	if (mvblk_nr_busy(blk))
		ret = -EBUSY;
	/* Without a buffer somebody only wants to know the length. */
	else if (w->buf)
		ret = mvblk_file_sync(blk);
	if (!ret)
		mvblk_saved_write(w, saved);
	kfree(saved);
	return ret;
}

/* The number of virtqueues and the features were compared by the class driver. */
static int mvblk_compare(struct mvblk *blk, const struct mvblk_saved *there)
{
	struct device *dev = &blk->soft.cdev->dev;
	char serial[VIRTIO_BLK_ID_BYTES];
	struct mvblk_limits limits;

	mvblk_get_limits(blk, &limits);
	mvblk_get_serial(blk, serial);
	if (memcmp(serial, there->serial, sizeof(serial))) {
		dev_err_ratelimited(dev, "cannot load the state of disk %*pE: its serial number is %*pE, here it is %*pE: write it to serial if the disk is the same\n",
				    (int)strlen(there->name), there->name,
				    (int)strnlen(there->serial, sizeof(serial)),
				    there->serial,
				    (int)strnlen(serial, sizeof(serial)), serial);
		return -EINVAL;
	}
	if (there->block_size != limits.block ||
	    there->read_only != blk->read_only) {
		dev_err_ratelimited(dev, "cannot load the state of a %s disk with blocks of %u bytes: load mvblk with block_size=%u read_only=%d\n",
				    there->read_only ? "read-only" : "writable",
				    there->block_size, there->block_size,
				    there->read_only);
		return -EINVAL;
	}
	return 0;
}

/**
 * mvblk_load() - &mdev_soft_desc.load
 * @soft: the instance
 * @r: what mvblk_save() has written at another host; hostile
 *
 * Context: process context, serialised by the class driver; the device is reset and
 * has its features.
 * Return: 0; -EINVAL if it is the state of another disk; -EBUSY if the file changed
 * meanwhile, or is in use at this host; -ENOMEM.
 */
int mvblk_load(struct mdev_soft *soft, struct mdev_state_reader *r)
{
	struct mvblk *blk = soft_to_mvblk(soft);
	struct mvblk_saved *saved;
	int ret;

	saved = kzalloc(sizeof(*saved), GFP_KERNEL);
	if (!saved)
		return -ENOMEM;
	ret = mvblk_saved_read(r, saved) ?: mvblk_compare(blk, saved) ?:
	      mvblk_file_arrive(blk, saved->capacity);
	if (!ret)
		WRITE_ONCE(blk->writethrough, saved->writethrough);
	kfree(saved);
	return ret;
}
