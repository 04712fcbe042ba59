/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges in which nothing is pinned, because somebody unmaps them.
 */
#ifndef _MDEV_VFIO_HOLD_H
#define _MDEV_VFIO_HOLD_H

#include <linux/types.h>

struct mdev_vfio_mem;

#define MDEV_VFIO_HOLD_ALL	4
unsigned int mdev_vfio_hold(struct mdev_vfio_mem *vm, u64 first, u64 last);
bool mdev_vfio_is_unmapping(struct mdev_vfio_mem *vm, u64 first, u64 last);
bool mdev_vfio_held(struct mdev_vfio_mem *vm, u64 first, u64 last);
bool mdev_vfio_hurried(struct mdev_vfio_mem *vm);
long mdev_vfio_join(struct mdev_vfio_mem *vm, long timeout);
void mdev_vfio_hold_close(struct mdev_vfio_mem *vm);

#endif /* _MDEV_VFIO_HOLD_H */
