// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carriers: the parent devices of VFIO devices that belong to no hardware.
 *
 * VFIO uses the device below, its driver and its IOMMU group until the last file
 * is closed, so that device must exist until then.  An mdev does not: it can be
 * removed while a file is open.  So each VFIO device gets a carrier, a device of
 * its own with a driver that is never unbound.
 */

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/mdev_users.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>

#include "carrier.h"

static DEFINE_MDEV_USERS(mdev_vfio_carriers);

static struct device *mdev_vfio_carrier_root;

/* Nothing matches: as for mdevs, the only driver is attached explicitly. */
static int mdev_vfio_carrier_match(struct device *dev,
				   compat_match_const struct device_driver *drv)
{
	return 0;
}

/* udev tells by this file that a group of VFIO is one of these devices. */
static ssize_t mdev_uuid_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%.*s\n", UUID_STRING_LEN, dev_name(dev));
}
static DEVICE_ATTR_RO(mdev_uuid);

static struct attribute *mdev_vfio_carrier_attrs[] = {
	&dev_attr_mdev_uuid.attr,
	NULL,
};
ATTRIBUTE_GROUPS(mdev_vfio_carrier);

static struct bus_type mdev_vfio_carrier_bus = {
	.name = "mdev_vfio",
	.dev_groups = mdev_vfio_carrier_groups,
	.match = mdev_vfio_carrier_match,
};

/* VFIO pins its owner while a file is open. */
static struct device_driver mdev_vfio_carrier_driver = {
	.name = "mdev_vfio",
	.bus = &mdev_vfio_carrier_bus,
	.owner = THIS_MODULE,
	.mod_name = KBUILD_MODNAME,
	.suppress_bind_attrs = true,
};

static void mdev_vfio_carrier_release(struct device *dev)
{
	kfree(dev);
	/* Pairs with mdev_users_get() in mdev_vfio_carrier_add() */
	mdev_users_put(&mdev_vfio_carriers);
}

/**
 * mdev_vfio_carrier_add() - a device for a VFIO device
 * @name: the UUID of the instance
 *
 * Return: the device, for device_unregister(), or an ERR_PTR().
 */
struct device *mdev_vfio_carrier_add(const char *name)
{
	static atomic_t last = ATOMIC_INIT(0);
	struct device *dev;
	int ret;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	/* Pairs with mdev_users_put() in mdev_vfio_carrier_release() */
	mdev_users_get(&mdev_vfio_carriers);
	device_initialize(dev);
	dev->parent = mdev_vfio_carrier_root;
	dev->bus = &mdev_vfio_carrier_bus;
	dev->release = mdev_vfio_carrier_release;
	/* A removed instance with the same UUID may still have a carrier. */
	ret = dev_set_name(dev, "%s-carrier-%u", name,
			   (u32)atomic_inc_return(&last));
	if (!ret)
		ret = device_add(dev);
	if (ret)
		goto err_put;
	ret = device_driver_attach(&mdev_vfio_carrier_driver, dev);
	if (ret)
		goto err_del;
	return dev;

err_del:
	device_del(dev);
err_put:
	put_device(dev);
	return ERR_PTR(ret);
}

/**
 * mdev_vfio_carrier_init() - prepare for mdev_vfio_carrier_add()
 *
 * Return: 0 or a negative errno.
 */
int mdev_vfio_carrier_init(void)
{
	int ret;

	mdev_vfio_carrier_root = root_device_register("mdev_vfio");
	if (IS_ERR(mdev_vfio_carrier_root))
		return PTR_ERR(mdev_vfio_carrier_root);
	ret = bus_register(&mdev_vfio_carrier_bus);
	if (ret)
		goto err_root;
	ret = driver_register(&mdev_vfio_carrier_driver);
	if (ret)
		goto err_bus;
	return 0;

err_bus:
	bus_unregister(&mdev_vfio_carrier_bus);
err_root:
	root_device_unregister(mdev_vfio_carrier_root);
	return ret;
}

/**
 * mdev_vfio_carrier_exit() - undo mdev_vfio_carrier_init()
 *
 * Waits for whoever still has a carrier's directory open.
 */
void mdev_vfio_carrier_exit(void)
{
	mdev_users_wait(&mdev_vfio_carriers);
	driver_unregister(&mdev_vfio_carrier_driver);
	bus_unregister(&mdev_vfio_carrier_bus);
	root_device_unregister(mdev_vfio_carrier_root);
}
