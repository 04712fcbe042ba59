/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Removal of a device that a user may have open.
 */
#ifndef _VHOST_MDEV_REVOKE_H
#define _VHOST_MDEV_REVOKE_H

struct vhost_mdev;

void vhost_mdev_retire(struct vhost_mdev *vd);

#endif /* _VHOST_MDEV_REVOKE_H */
