/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that is driven with vhost ioctls.
 */
#ifndef _VHOST_MDEV_DEVICE_H
#define _VHOST_MDEV_DEVICE_H

#include <linux/kref.h>
#include <linux/mdev_session.h>
#include <linux/mdev_users.h>
#include <linux/types.h>

struct device;
struct eventfd_ctx;
struct mdev_class_device;
struct vhost_mdev_chr;
struct vhost_mdev_path;
struct vhost_mdev_vfio;
struct vhost_mdev_vq;

/**
 * struct vhost_mdev - a device that is driven with vhost ioctls
 * @ref: held by the class driver from probe to remove, and by each access path
 *	for as long as it exists, because an access path may outlive remove
 * @session: the user; its lock guards what is below @path
 * @dma_dev: the device that does the DMA, NULL if the parent uses
 *	&vhost_mdev_path.mem; constant
 * @vfio: the VFIO device; constant from probe to remove
 * @chr: the char device; constant from probe to remove
 * @path: the user's access path, or the last user's; NULL if there was none yet;
 *	constant while the device is open
 * @config_ctx: eventfd for changes of the configuration space, or NULL
 * @backend_features: acknowledged by the user
 * @owned: SET_OWNER was called
 * @suspended: live, but stopped by SUSPEND
 * @loaded: SET_STATE was called, since the last reset
 * @paused: live, but stopped until the end of a batch of messages
 * @nr_groups: groups of virtqueues; constant
 * @nvqs: number of virtqueues; constant
 * @vqs: the virtqueues; constant
 */
struct vhost_mdev {
	struct kref ref;
	struct mdev_session session;
	struct device *dma_dev;
	struct vhost_mdev_vfio *vfio;
	struct vhost_mdev_chr *chr;
	const struct vhost_mdev_path *path;

	struct eventfd_ctx *config_ctx;
	u64 backend_features;
	bool owned;
	bool suspended;
	bool loaded;
	bool paused;
	u32 nr_groups;
	u16 nvqs;
	struct vhost_mdev_vq *vqs;
};

extern struct mdev_users vhost_mdev_users;
struct vhost_mdev *vhost_mdev_create(struct mdev_class_device *cdev);
struct vhost_mdev *vhost_mdev_get(struct vhost_mdev *vd);
void vhost_mdev_put(struct vhost_mdev *vd);
int vhost_mdev_open(struct vhost_mdev *vd, const struct vhost_mdev_path *path);
void vhost_mdev_retire(struct vhost_mdev *vd);

#endif /* _VHOST_MDEV_DEVICE_H */
