/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What leads from an mdev to its VFIO device.
 */
#ifndef _MDEV_VFIO_LINK_H
#define _MDEV_VFIO_LINK_H

struct device;

int mdev_vfio_link_carrier(struct device *dev, struct device *carrier);
void mdev_vfio_unlink_carrier(struct device *dev);
int mdev_vfio_link_dev(struct device *dev, struct device *below);
void mdev_vfio_unlink_dev(struct device *dev);
int mdev_vfio_link_group(struct device *dev, struct device *hardware);
void mdev_vfio_unlink_group(struct device *dev);

#endif /* _MDEV_VFIO_LINK_H */
