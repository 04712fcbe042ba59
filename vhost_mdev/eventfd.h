/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The eventfds of virtqueues.
 */
#ifndef _VHOST_MDEV_EVENTFD_H
#define _VHOST_MDEV_EVENTFD_H

struct vhost_mdev;
struct vhost_mdev_cmd;

void vhost_mdev_vqs_hang_up(struct vhost_mdev *vd);
void vhost_mdev_vqs_close(struct vhost_mdev *vd);

/* ioctls */
int vhost_mdev_set_vring_kick(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_call(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_err(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_EVENTFD_H */
