/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data that is copied where it is not pinned.
 */
#ifndef _MDEV_VFIO_COPY_H
#define _MDEV_VFIO_COPY_H

#include <linux/types.h>

struct mdev_mem;

int mdev_vfio_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len);
int mdev_vfio_write(struct mdev_mem *mem, u64 iova, const void *buf,
		    size_t len);

#endif /* _MDEV_VFIO_COPY_H */
