/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Features of the device and of the access path.
 */
#ifndef _VHOST_MDEV_FEATURES_H
#define _VHOST_MDEV_FEATURES_H

#include <linux/types.h>

struct vhost_mdev;
struct vhost_mdev_cmd;

int vhost_mdev_check_access_platform(struct vhost_mdev *vd, u64 features);

/* ioctls */
int vhost_mdev_get_features(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_features(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_backend_features(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_backend_features(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_FEATURES_H */
