/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VFIO devices: set-up of what they have in common.
 */
#ifndef _MDEV_VFIO_DEVICE_H
#define _MDEV_VFIO_DEVICE_H

int mdev_vfio_device_init(void);
void mdev_vfio_device_exit(void);

#endif /* _MDEV_VFIO_DEVICE_H */
