/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The eventfd that asks a program to close a VFIO device.
 */
#ifndef _MDEV_VFIO_REQUEST_H
#define _MDEV_VFIO_REQUEST_H

struct mdev_vfio_device;

void mdev_vfio_device_clear_request(struct mdev_vfio_device *vv);

#endif /* _MDEV_VFIO_REQUEST_H */
