// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device status of an instance, as class drivers set it.
 */

#include <linux/export.h>

#include <linux/virtio_mdev.h>

int mdev_class_set_status(struct mdev_class_device *cdev, u8 status)
{
	return cdev->ops->set_status(cdev, status);
}
EXPORT_SYMBOL_GPL(mdev_class_set_status);

int mdev_class_reset(struct mdev_class_device *cdev)
{
	return cdev->ops->reset(cdev);
}
EXPORT_SYMBOL_GPL(mdev_class_reset);
