/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MDEV_SOFT_PRIVATE_H
#define _MDEV_SOFT_PRIVATE_H

#include <linux/mdev_soft.h>

static inline bool mdev_soft_live(const struct mdev_soft *soft)
{
	return atomic_read(&soft->status) & VIRTIO_CONFIG_S_DRIVER_OK;
}

/* soft.c */
bool mdev_soft_kicked(struct mdev_soft *soft, u16 idx);
void mdev_soft_config_live(struct mdev_soft *soft);
void mdev_soft_config_reset(struct mdev_soft *soft);

/* soft_ops.c */
extern const struct virtio_mdev_ops mdev_soft_virtio_ops;

#endif /* _MDEV_SOFT_PRIVATE_H */
