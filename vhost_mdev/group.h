/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups of virtqueues.
 */
#ifndef _VHOST_MDEV_GROUP_H
#define _VHOST_MDEV_GROUP_H

struct vhost_mdev_cmd;

/* ioctls */
int vhost_mdev_get_group_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_as_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_group(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_desc_group(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_group_asid(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_GROUP_H */
