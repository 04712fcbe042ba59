/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream of VHOST_MDEV_GET_STATE and VHOST_MDEV_SET_STATE.
 */
#ifndef _VHOST_MDEV_SAVED_H
#define _VHOST_MDEV_SAVED_H

#include <linux/mdev_state.h>
#include <linux/types.h>

/**
 * struct vhost_mdev_identity - what both devices have in common
 * @device_id: the virtio device type
 * @nvqs: number of virtqueues
 * @config_size: size of the configuration space; the device that loads may have more
 * @features: that were negotiated
 */
struct vhost_mdev_identity {
	u32 device_id;
	u32 nvqs;
	u32 config_size;
	u64 features;
};

void vhost_mdev_saved_put_identity(struct mdev_state_writer *w,
				   const struct vhost_mdev_identity *id);
const char *vhost_mdev_saved_read(const struct vhost_mdev_identity *id,
				  const void *buf, size_t len,
				  struct mdev_state_reader *own);

#endif /* _VHOST_MDEV_SAVED_H */
