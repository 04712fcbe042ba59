/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a device, and its owner.
 */
#ifndef _VHOST_MDEV_STATUS_H
#define _VHOST_MDEV_STATUS_H

struct vhost_mdev;
struct vhost_mdev_cmd;

int vhost_mdev_reset(struct vhost_mdev *vd);

/* ioctls */
int vhost_mdev_get_status(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_status(struct vhost_mdev_cmd *cmd);
int vhost_mdev_suspend(struct vhost_mdev_cmd *cmd);
int vhost_mdev_resume(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_owner(struct vhost_mdev_cmd *cmd);
int vhost_mdev_reset_owner(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_STATUS_H */
