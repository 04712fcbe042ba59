/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a user can map of the file.
 */
#ifndef _VHOST_MDEV_MMAP_H
#define _VHOST_MDEV_MMAP_H

#include <linux/types.h>

struct vhost_mdev;
struct vm_area_struct;

bool vhost_mdev_has_doorbell(const struct vhost_mdev *vd);
int vhost_mdev_mmap(struct vhost_mdev *vd, struct vm_area_struct *vma);

#endif /* _VHOST_MDEV_MMAP_H */
