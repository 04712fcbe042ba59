/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log of DMA: which pages the device has written to.
 */
#ifndef _MDEV_VFIO_LOG_H
#define _MDEV_VFIO_LOG_H

#include <linux/types.h>

struct mdev_vfio_mem;
struct vfio_log_ops;

extern const struct vfio_log_ops mdev_vfio_log_ops;

void mdev_vfio_log_mark(struct mdev_vfio_mem *vm, u64 first, u64 last);
void mdev_vfio_log_end(struct mdev_vfio_mem *vm);

#endif /* _MDEV_VFIO_LOG_H */
