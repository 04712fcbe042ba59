// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device status of an instance, as class drivers set it.
 */

#include <linux/export.h>

#include <linux/virtio_mdev.h>
#include <trace/events/mdev_core.h>

int mdev_class_set_status(struct mdev_class_device *cdev, u8 status)
{
	int ret = cdev->ops->set_status(cdev, status);

	trace_mdev_status(&cdev->dev, status, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_class_set_status);

int mdev_class_reset(struct mdev_class_device *cdev)
{
	int ret = cdev->ops->reset(cdev);

	trace_mdev_status(&cdev->dev, 0, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_class_reset);
