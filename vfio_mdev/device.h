/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_DEVICE_H
#define _VFIO_MDEV_DEVICE_H

#include <linux/types.h>

struct mdev_class_device;
struct mdev_session_ops;
struct vfio_mdev;

u64 vfio_mdev_offered(struct mdev_class_device *cdev);
u64 vfio_mdev_features(struct vfio_mdev *fn);
u8 vfio_mdev_get_status(struct vfio_mdev *fn);
void vfio_mdev_set_status(struct vfio_mdev *fn, u8 status);
int vfio_mdev_load_status(struct vfio_mdev *fn, u8 status, u64 features);
void vfio_mdev_update(struct vfio_mdev *fn);
int vfio_mdev_set_stopped(struct vfio_mdev *fn, bool stopped);
int vfio_mdev_reset_function(struct vfio_mdev *fn);

extern const struct mdev_session_ops vfio_mdev_session_ops;

#endif /* _VFIO_MDEV_DEVICE_H */
