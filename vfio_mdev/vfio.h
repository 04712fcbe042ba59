/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_VFIO_H
#define _VFIO_MDEV_VFIO_H

struct mdev_class_device;
struct seq_file;

int vfio_mdev_add(struct mdev_class_device *cdev);
void vfio_mdev_del(struct mdev_class_device *cdev);
void vfio_mdev_show_mem(struct mdev_class_device *cdev, struct seq_file *m);
void vfio_mdev_exit(void);

#endif /* _VFIO_MDEV_VFIO_H */
