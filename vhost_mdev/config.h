/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration space.
 */
#ifndef _VHOST_MDEV_CONFIG_H
#define _VHOST_MDEV_CONFIG_H

struct vhost_mdev;
struct vhost_mdev_cmd;

int vhost_mdev_set_config_fd(struct vhost_mdev *vd, int fd);
void vhost_mdev_config_hang_up(struct vhost_mdev *vd);

/* ioctls */
int vhost_mdev_get_config_size(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_config(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_config(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_config_call(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_CONFIG_H */
