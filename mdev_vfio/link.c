// SPDX-License-Identifier: GPL-2.0-only
/*
 * What leads from an mdev to its VFIO device: programs look for "iommu_group" and
 * "vfio-dev" in the directory of the mdev.
 */

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/sysfs.h>

#include "link.h"

/**
 * mdev_vfio_link_carrier() - make an mdev look like the VFIO device's parent
 * @dev: the mdev's device
 * @carrier: the parent, with the VFIO device registered
 *
 * The mdev joins the carrier's IOMMU group.
 *
 * Return: 0, and mdev_vfio_unlink_carrier() undoes it; or a negative errno.
 */
int mdev_vfio_link_carrier(struct device *dev, struct device *carrier)
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
 * mdev_vfio_unlink_carrier() - undo mdev_vfio_link_carrier()
 * @dev: the mdev's device, which is still there
 */
void mdev_vfio_unlink_carrier(struct device *dev)
{
	sysfs_remove_link(&dev->kobj, "vfio-dev");
	iommu_group_remove_device(dev);
}
