/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MDEV_SOFT_PRIVATE_H
#define _MDEV_SOFT_PRIVATE_H

#include <linux/mdev_soft.h>
#include <linux/sched.h>

struct seq_file;

static inline bool mdev_soft_live(const struct mdev_soft *soft)
{
	return atomic_read(&soft->status) & VIRTIO_CONFIG_S_DRIVER_OK;
}

/* Whether we are in the parent's serve(), called by mdev_soft_serve_atomic() */
static inline bool mdev_soft_in_serve(const struct mdev_soft *soft)
{
	return READ_ONCE(soft->server) == current;
}

/* soft_serve.c */
void mdev_soft_work(struct mdev_work *work);
bool mdev_soft_kicked(struct mdev_soft *soft, u16 idx);

/* soft_config.c */
void mdev_soft_config_work(struct mdev_work *work);
void mdev_soft_config_live(struct mdev_soft *soft);
void mdev_soft_config_suspend(struct mdev_soft *soft, bool suspended);
void mdev_soft_config_reset(struct mdev_soft *soft);

/* soft_show.c */
void mdev_soft_show_vq(struct mdev_class_device *cdev, u16 idx,
		       struct seq_file *m);

/* soft_ops.c */
extern const struct virtio_mdev_ops mdev_soft_virtio_ops;

#endif /* _MDEV_SOFT_PRIVATE_H */
