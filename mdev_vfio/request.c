// SPDX-License-Identifier: GPL-2.0-only
/*
 * The eventfd that asks a program to close a VFIO device.
 */

#include <linux/eventfd.h>
#include <linux/mdev_vfio_device.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "request.h"

static void mdev_vfio_device_replace_request(struct mdev_vfio_device *vv,
					     struct eventfd_ctx *ctx)
{
	spin_lock(&vv->request_lock);
	swap(vv->request_ctx, ctx);
	spin_unlock(&vv->request_lock);
	if (ctx)
		eventfd_ctx_put(ctx);
}

/**
 * mdev_vfio_device_clear_request() - ask the program no more
 * @vv: the device
 */
void mdev_vfio_device_clear_request(struct mdev_vfio_device *vv)
{
	mdev_vfio_device_replace_request(vv, NULL);
}

/**
 * mdev_vfio_device_ask() - ask the program to close the device
 * @vv: the device
 *
 * Context: process context.
 * Return: true if it has set an eventfd for this, which was signalled.
 */
bool mdev_vfio_device_ask(struct mdev_vfio_device *vv)
{
	bool found;

	spin_lock(&vv->request_lock);
	found = vv->request_ctx;
	if (found)
		eventfd_signal(vv->request_ctx);
	spin_unlock(&vv->request_lock);
	return found;
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_ask);

/**
 * mdev_vfio_device_set_request() - VFIO_DEVICE_SET_IRQS for the request eventfd
 * @vv: the device, open
 * @set: what the program asks for, checked for an index with one interrupt
 * @data: where its data are
 * @size: their size in bytes
 *
 * Context: process context, called by the program.
 * Return: 0; -EINVAL for anything but a trigger, or data of another size; -EFAULT;
 * -EBADF or -EINVAL for what is no eventfd.  See VFIO_PCI_REQ_IRQ_INDEX in the vfio
 * uapi.
 */
int mdev_vfio_device_set_request(struct mdev_vfio_device *vv,
				 const struct vfio_irq_set *set,
				 const void __user *data, size_t size)
{
	struct eventfd_ctx *ctx = NULL;
	u8 trigger = 0;
	s32 fd;

	if ((set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) !=
	    VFIO_IRQ_SET_ACTION_TRIGGER)
		return -EINVAL;

	switch (set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		/* A count of 0 removes the eventfd; otherwise signal it. */
		if (!set->count)
			mdev_vfio_device_clear_request(vv);
		else
			mdev_vfio_device_ask(vv);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (size != sizeof(trigger))
			return -EINVAL;
		if (get_user(trigger, (const u8 __user *)data))
			return -EFAULT;
		if (trigger)
			mdev_vfio_device_ask(vv);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (size != sizeof(fd))
			return -EINVAL;
		if (get_user(fd, (const s32 __user *)data))
			return -EFAULT;
		if (fd != -1) {
			/* Pairs with the put in mdev_vfio_device_replace_request() */
			ctx = eventfd_ctx_fdget(fd);
			if (IS_ERR(ctx))
				return PTR_ERR(ctx);
		}
		mdev_vfio_device_replace_request(vv, ctx);
		return 0;
	}
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_set_request);
