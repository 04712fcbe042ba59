/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_STATE_H
#define _VFIO_MDEV_STATE_H

#include <linux/types.h>

struct mdev_state_writer;
struct vfio_mdev;
struct vfio_mdev_unfit;

int vfio_mdev_identity_init(struct vfio_mdev *fn);
void vfio_mdev_identity_uninit(struct vfio_mdev *fn);
void vfio_mdev_refused(struct vfio_mdev *fn,
		       const struct vfio_mdev_unfit *unfit);
void vfio_mdev_save_identity(struct vfio_mdev *fn,
			     struct mdev_state_writer *w);
int vfio_mdev_save(struct vfio_mdev *fn, struct mdev_state_writer *w);
int vfio_mdev_load(struct vfio_mdev *fn, const u8 *buf, size_t len);

#endif /* _VFIO_MDEV_STATE_H */
