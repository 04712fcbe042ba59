/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_NOTIFY_H
#define _VFIO_MDEV_NOTIFY_H

#include <linux/types.h>

struct vfio_device_ioeventfd;
struct vfio_info_cap;
struct vfio_mdev;
struct vm_area_struct;

void vfio_mdev_notify(struct vfio_mdev *fn, u64 offset);
int vfio_mdev_set_ioeventfd(struct vfio_mdev *fn,
			    const struct vfio_device_ioeventfd *set);
bool vfio_mdev_has_doorbell(const struct vfio_mdev *fn);
int vfio_mdev_doorbell_areas(const struct vfio_mdev *fn,
			     struct vfio_info_cap *caps);
int vfio_mdev_doorbell_mmap(struct vfio_mdev *fn, u64 offset,
			    struct vm_area_struct *vma);

#endif /* _VFIO_MDEV_NOTIFY_H */
