/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_MIGRATION_H
#define _VFIO_MDEV_MIGRATION_H

struct attribute_group;
struct vfio_mdev;

void vfio_mdev_migration_init(struct vfio_mdev *fn);
void vfio_mdev_migration_reset(struct vfio_mdev *fn);

extern const struct attribute_group *vfio_mdev_groups[];

#endif /* _VFIO_MDEV_MIGRATION_H */
