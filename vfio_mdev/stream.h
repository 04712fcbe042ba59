/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_STREAM_H
#define _VFIO_MDEV_STREAM_H

#include <linux/types.h>

struct file;
struct vfio_mdev;
struct vfio_mdev_stream;

struct file *vfio_mdev_stream_save(struct vfio_mdev *fn, bool pre_copy);
int vfio_mdev_stream_finish(struct vfio_mdev *fn);
struct file *vfio_mdev_stream_resume(struct vfio_mdev *fn);
int vfio_mdev_stream_loaded(struct vfio_mdev *fn);
void vfio_mdev_stream_end(struct vfio_mdev *fn);

#endif /* _VFIO_MDEV_STREAM_H */
