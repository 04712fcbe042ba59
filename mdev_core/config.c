// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space of an instance, for an administrator to look at.
 */

#include <linux/device.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/virtio_mdev.h>

#include "mdev_core_private.h"

/* What a page has room for; all devices of the standard have less */
#define MDEV_CONFIG_SHOWN	1024
#define MDEV_CONFIG_TRIES	10

static u32 mdev_config_generation(struct mdev_class_device *cdev)
{
	return cdev->ops->get_generation ? cdev->ops->get_generation(cdev) : 0;
}

/* A device that never stops changing is read in between. */
static void mdev_config_read(struct mdev_class_device *cdev, u8 *config,
			     size_t len)
{
	int tries = 0;
	u32 generation;

	do {
		generation = mdev_config_generation(cdev);
		cdev->ops->get_config(cdev, 0, config, len);
	} while (generation != mdev_config_generation(cdev) &&
		 ++tries < MDEV_CONFIG_TRIES);
}

static ssize_t config_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	size_t i, len = min_t(size_t, cdev->ops->get_config_size(cdev),
			      MDEV_CONFIG_SHOWN);
	int at = 0;
	u8 *config;

	config = kzalloc(len + 1, GFP_KERNEL);
	if (!config)
		return -ENOMEM;
	if (len)
		mdev_config_read(cdev, config, len);
	for (i = 0; i < len; i++)
		at += sysfs_emit_at(buf, at, "%02x", config[i]);
	at += sysfs_emit_at(buf, at, "\n");
	kfree(config);
	return at;
}
DEVICE_ATTR_RO(config);
