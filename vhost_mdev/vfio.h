/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The VFIO device of an instance.
 */
#ifndef _VHOST_MDEV_VFIO_H
#define _VHOST_MDEV_VFIO_H

struct mdev_class_device;
struct vhost_mdev;

int vhost_mdev_vfio_add(struct vhost_mdev *vd);
ssize_t vhost_mdev_vfio_show_copying(struct vhost_mdev *vd, char *buf);
void vhost_mdev_vfio_del(struct vhost_mdev *vd, struct mdev_class_device *cdev);

#endif /* _VHOST_MDEV_VFIO_H */
