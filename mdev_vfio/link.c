// SPDX-License-Identifier: GPL-2.0-only
/*
 * What leads from an mdev to its VFIO device: programs look for "iommu_group" and
 * "vfio-dev" in the directory of the mdev.
 */

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/kernfs.h>
#include <linux/sysfs.h>

#include "link.h"

/**
 * mdev_vfio_link_dev() - lead from an mdev to its VFIO device
 * @dev: the mdev's device
 * @below: the parent of the VFIO device, which is registered
 *
 * Return: 0, and mdev_vfio_unlink_dev() undoes it; or a negative errno.
 */
int mdev_vfio_link_dev(struct device *dev, struct device *below)
{
	return compat_only_sysfs_link_entry_to_kobj(&dev->kobj, &below->kobj,
						    "vfio-dev", NULL);
}

/**
 * mdev_vfio_unlink_dev() - undo mdev_vfio_link_dev()
 * @dev: the mdev's device, which is still there
 */
void mdev_vfio_unlink_dev(struct device *dev)
{
	sysfs_remove_link(&dev->kobj, "vfio-dev");
}

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
	ret = mdev_vfio_link_dev(dev, carrier);
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
	mdev_vfio_unlink_dev(dev);
	iommu_group_remove_device(dev);
}

/**
 * mdev_vfio_link_group() - lead from an mdev to the IOMMU group of its hardware
 * @dev: the mdev's device
 * @hardware: the device that does the DMA
 *
 * The mdev is not in the group, since it does no DMA.  Programs read the number of
 * the group from the link, so it leads there directly, as the hardware's own does.
 *
 * Return: 0, and mdev_vfio_unlink_group() undoes it; or a negative errno.
 */
int mdev_vfio_link_group(struct device *dev, struct device *hardware)
{
	struct kernfs_node *link;
	int ret = -ENODEV;

	link = kernfs_find_and_get(hardware->kobj.sd, "iommu_group");
	if (!link)
		return ret;
	/* The group stays while @hardware, which the instance keeps, is in it. */
	if (kernfs_type(link) == KERNFS_LINK)
		ret = sysfs_create_link(&dev->kobj,
					link->symlink.target_kn->priv,
					"iommu_group");
	kernfs_put(link);
	return ret;
}

/**
 * mdev_vfio_unlink_group() - undo mdev_vfio_link_group()
 * @dev: the mdev's device, which is still there
 */
void mdev_vfio_unlink_group(struct device *dev)
{
	sysfs_remove_link(&dev->kobj, "iommu_group");
}
