/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user of a device, and its name.
 */
#ifndef _VHOST_MDEV_USER_H
#define _VHOST_MDEV_USER_H

#include <linux/sched.h>
#include <linux/types.h>

struct vhost_mdev;
struct vhost_mdev_path;

/* Room for vhost_mdev_user_name() */
#define VHOST_MDEV_USER_NAME	(TASK_COMM_LEN + 32)
const char *vhost_mdev_user_name(struct vhost_mdev *vd, char *buf, size_t size);
int vhost_mdev_claim(struct vhost_mdev *vd,
		     const struct vhost_mdev_path *path);
void vhost_mdev_unclaim(struct vhost_mdev *vd);
void vhost_mdev_set_user(struct vhost_mdev *vd);

#endif /* _VHOST_MDEV_USER_H */
