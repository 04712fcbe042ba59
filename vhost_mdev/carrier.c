// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carriers: the parent devices of VFIO devices that belong to no hardware.
 *
 * VFIO uses the device below, its driver and its IOMMU group until the last file
 * is closed, so that device must exist until then.  An mdev does not: it can be
 * removed while a file is open.  So each VFIO device gets a carrier, a device of
 * its own with a driver that is never unbound.  The mdev joins the carrier's IOMMU
 * group, so that users find the group where they look for that of an mdev.
 */

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "carrier.h"
#include "device.h"

static struct device *vhost_mdev_carrier_root;

/* Nothing matches: as for mdevs, the only driver is attached explicitly. */
static int vhost_mdev_carrier_match(struct device *dev,
				    compat_match_const struct device_driver *drv)
{
	return 0;
}

static struct bus_type vhost_mdev_carrier_bus = {
	.name = "vhost_mdev",
	.match = vhost_mdev_carrier_match,
};

/* VFIO pins its owner while a file is open. */
static struct device_driver vhost_mdev_carrier_driver = {
	.name = "vhost_mdev",
	.bus = &vhost_mdev_carrier_bus,
	.owner = THIS_MODULE,
	.mod_name = KBUILD_MODNAME,
	.suppress_bind_attrs = true,
};

static void vhost_mdev_carrier_release(struct device *dev)
{
	kfree(dev);
	/* Pairs with mdev_users_get() in vhost_mdev_carrier_add() */
	mdev_users_put(&vhost_mdev_users);
}

/**
 * vhost_mdev_carrier_add() - a device for a VFIO device
 * @name: of the instance
 *
 * Return: the device, for device_unregister(), or an ERR_PTR().
 */
struct device *vhost_mdev_carrier_add(const char *name)
{
	static atomic_t last = ATOMIC_INIT(0);
	struct device *dev;
	int ret;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	/* Pairs with mdev_users_put() in vhost_mdev_carrier_release() */
	mdev_users_get(&vhost_mdev_users);
	device_initialize(dev);
	dev->parent = vhost_mdev_carrier_root;
	dev->bus = &vhost_mdev_carrier_bus;
	dev->release = vhost_mdev_carrier_release;
	/* A removed instance with the same UUID may still have a carrier. */
	ret = dev_set_name(dev, "%s-vhost-%u", name,
			   (u32)atomic_inc_return(&last));
	if (!ret)
		ret = device_add(dev);
	if (ret)
		goto err_put;
	ret = device_driver_attach(&vhost_mdev_carrier_driver, dev);
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
 * vhost_mdev_carrier_link() - make an mdev look like the VFIO device's parent
 * @carrier: from vhost_mdev_carrier_add(), with the VFIO device registered
 * @dev: the mdev's device
 *
 * It gets the links "iommu_group" and "vfio-dev" that tools look for.
 *
 * Return: 0, and vhost_mdev_carrier_unlink() undoes it; or a negative errno.
 */
int vhost_mdev_carrier_link(struct device *carrier, struct device *dev)
{
	struct iommu_group *group = iommu_group_get(carrier);
	int ret;

	if (!group)
		return -ENODEV;
	ret = iommu_group_add_device(group, dev);
	iommu_group_put(group);
	if (ret)
		return ret;
	ret = compat_only_sysfs_link_entry_to_kobj(&dev->kobj, &carrier->kobj,
						   "vfio-dev", NULL);
	if (ret)
		iommu_group_remove_device(dev);
	return ret;
}

/**
 * vhost_mdev_carrier_unlink() - undo vhost_mdev_carrier_link()
 * @dev: the mdev's device, which is still there
 */
void vhost_mdev_carrier_unlink(struct device *dev)
{
	sysfs_remove_link(&dev->kobj, "vfio-dev");
	iommu_group_remove_device(dev);
}

/**
 * vhost_mdev_carrier_init() - prepare for vhost_mdev_carrier_add()
 *
 * Return: 0 or a negative errno.
 */
int vhost_mdev_carrier_init(void)
{
	int ret;

	vhost_mdev_carrier_root = root_device_register("vhost_mdev");
	if (IS_ERR(vhost_mdev_carrier_root))
		return PTR_ERR(vhost_mdev_carrier_root);
	ret = bus_register(&vhost_mdev_carrier_bus);
	if (ret)
		goto err_root;
	ret = driver_register(&vhost_mdev_carrier_driver);
	if (ret)
		goto err_bus;
	return 0;

err_bus:
	bus_unregister(&vhost_mdev_carrier_bus);
err_root:
	root_device_unregister(vhost_mdev_carrier_root);
	return ret;
}

/**
 * vhost_mdev_carrier_exit() - undo vhost_mdev_carrier_init()
 */
void vhost_mdev_carrier_exit(void)
{
	driver_unregister(&vhost_mdev_carrier_driver);
	bus_unregister(&vhost_mdev_carrier_bus);
	root_device_unregister(vhost_mdev_carrier_root);
}
