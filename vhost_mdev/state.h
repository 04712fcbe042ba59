/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a device that moves to another host.
 */
#ifndef _VHOST_MDEV_STATE_H
#define _VHOST_MDEV_STATE_H

struct vhost_mdev_cmd;

/* ioctls */
int vhost_mdev_get_state(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_state(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_STATE_H */
