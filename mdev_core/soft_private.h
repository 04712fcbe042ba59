/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MDEV_SOFT_PRIVATE_H
#define _MDEV_SOFT_PRIVATE_H

#include <linux/mdev_soft.h>

/* soft.c */
void mdev_soft_kick(struct mdev_soft *soft, u16 idx);

/* soft_ops.c */
extern const struct virtio_mdev_ops mdev_soft_virtio_ops;

#endif /* _MDEV_SOFT_PRIVATE_H */
