/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data that is pinned where it is first used.
 */
#ifndef _MDEV_VFIO_DATA_H
#define _MDEV_VFIO_DATA_H

#include <linux/types.h>

struct mdev_mem;
struct mdev_vfio_mem;

int mdev_vfio_fault(struct mdev_mem *mem, u64 iova, unsigned int perm);
void mdev_vfio_unpin_data(struct mdev_vfio_mem *vm, bool limited);

#endif /* _MDEV_VFIO_DATA_H */
