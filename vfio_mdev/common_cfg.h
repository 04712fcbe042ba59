/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_COMMON_CFG_H
#define _VFIO_MDEV_COMMON_CFG_H

#include <linux/types.h>

struct vfio_mdev;

/* Of the structure of virtio 1.2, section 4.1.4.3, up to its queue_reset */
#define VFIO_MDEV_COMMON_SIZE	60

u8 vfio_mdev_generation(struct vfio_mdev *fn);
void vfio_mdev_common_read(struct vfio_mdev *fn, u64 offset, u8 *buf,
			   unsigned int len);
void vfio_mdev_common_write(struct vfio_mdev *fn, u64 offset, const u8 *buf,
			    unsigned int len);

#endif /* _VFIO_MDEV_COMMON_CFG_H */
