/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What leads from an mdev to its VFIO device.
 */
#ifndef _MDEV_VFIO_LINK_H
#define _MDEV_VFIO_LINK_H

struct device;

int mdev_vfio_link_carrier(struct device *dev, struct device *carrier);
void mdev_vfio_unlink_carrier(struct device *dev);

#endif /* _MDEV_VFIO_LINK_H */
