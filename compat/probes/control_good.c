// SPDX-License-Identifier: GPL-2.0-only
/* Compiles with every kernel; if not, no other probe means anything. */
#include <linux/module.h>
#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/vfio.h>
#include <linux/virtio_config.h>

/* a type that never changed */
static_assert(__same_type(((struct device *)NULL)->driver,
			  struct device_driver *));

int control_good(struct device *dev)
{
	return device_register(dev);
}
