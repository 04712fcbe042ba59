// SPDX-License-Identifier: GPL-2.0-only
/*
 * An eventfd that kicks a virtqueue.
 */

#include <linux/eventfd.h>
#include <linux/mdev_class.h>
#include <linux/mdev_kick.h>
#include <linux/module.h>
#include <linux/vfio.h>
#include <linux/virtio_mdev.h>

/*
 * Called by whoever signals the eventfd, in atomic context with interrupts off.
 * Returns 0, because nothing is left to be done in a thread.
 */
static int mdev_kick_signalled(void *opaque, void *data)
{
	struct mdev_kick *kick = opaque;

	kick->cdev->ops->kick_vq(kick->cdev, kick->index);
	return 0;
}

/**
 * mdev_kick_clear() - release the eventfd that kicks
 * @kick: the kick
 *
 * This flushes a workqueue of vfio, even if the user has closed the eventfd.  That is
 * expensive, so skip it if no eventfd was set.
 *
 * Context: process context; sleeps.
 */
void mdev_kick_clear(struct mdev_kick *kick)
{
	if (!kick->set)
		return;
	vfio_virqfd_disable(&kick->virqfd);
	kick->set = false;
}
EXPORT_SYMBOL_GPL(mdev_kick_clear);

/**
 * mdev_kick_set() - set the eventfd that kicks
 * @kick: the kick
 * @fd: an eventfd of the calling process; takes the place of a former one
 *
 * Context: process context; sleeps.
 * Return: 0; -EBADF or -EINVAL if @fd is no eventfd, and then a former one stays;
 * -EBUSY or -ENOMEM, and then there is none.
 */
int mdev_kick_set(struct mdev_kick *kick, int fd)
{
	struct eventfd_ctx *ctx;
	int ret;

	/* Checked first, so that a bad descriptor does not replace a good one. */
	ctx = eventfd_ctx_fdget(fd);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	eventfd_ctx_put(ctx);

	mdev_kick_clear(kick);
	/* Kicks that came in between are still in the eventfd's counter. */
	ret = vfio_virqfd_enable(kick, mdev_kick_signalled, NULL, NULL,
				 &kick->virqfd, fd);
	kick->set = !ret;
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_kick_set);

/**
 * mdev_kick_init() - a kick without an eventfd
 * @kick: zeroed, or cleared
 * @cdev: the instance
 * @index: of the virtqueue
 */
void mdev_kick_init(struct mdev_kick *kick, struct mdev_class_device *cdev,
		    u16 index)
{
	kick->cdev = cdev;
	kick->index = index;
}
EXPORT_SYMBOL_GPL(mdev_kick_init);
