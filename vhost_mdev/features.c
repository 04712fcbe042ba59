// SPDX-License-Identifier: GPL-2.0-only
/*
 * Features that the device offers to a user, and those of the access path.
 */

#include <linux/mdev_class.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>

#include "device.h"
#include "features.h"
#include "ioctl.h"
#include "path.h"

/*
 * Features that these ioctls cannot express: a reset of one virtqueue, a kick
 * that carries data, and what belongs to the PCI transport.
 */
#define VHOST_MDEV_FILTER	(BIT_ULL(VIRTIO_F_SR_IOV) |		\
				 BIT_ULL(VIRTIO_F_NOTIFICATION_DATA) |	\
				 BIT_ULL(VIRTIO_F_NOTIF_CONFIG_DATA) |	\
				 BIT_ULL(VIRTIO_F_RING_RESET) |		\
				 BIT_ULL(VIRTIO_F_ADMIN_VQ))

static u64 vhost_mdev_features(struct vhost_mdev *vd)
{
	return vd->session.cdev->ops->get_device_features(vd->session.cdev) &
	       ~VHOST_MDEV_FILTER;
}

/**
 * vhost_mdev_check_access_platform() - check that addresses will be understood
 * @vd: the device, @vd->session.lock held
 * @features: what the user negotiates
 *
 * Addresses on the rings are the user's I/O virtual addresses, and it takes
 * VIRTIO_F_ACCESS_PLATFORM for the device to treat them as such.
 *
 * Return: 0; -EINVAL if the device offers the bit and @features lack it.
 */
int vhost_mdev_check_access_platform(struct vhost_mdev *vd, u64 features)
{
	const u64 bit = BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);

	lockdep_assert_held(&vd->session.lock);
	if (features & bit || !(vhost_mdev_features(vd) & bit))
		return 0;

	dev_warn_ratelimited(&vd->session.cdev->dev,
			     "the user has to negotiate VIRTIO_F_ACCESS_PLATFORM (bit 33): it gives I/O virtual addresses\n");
	return -EINVAL;
}

/* A bit of these ioctls alone, which is the access path's and not the device's. */
static u64 vhost_mdev_log_feature(struct vhost_mdev *vd)
{
	return vd->path->log && !vd->dma_dev ? BIT_ULL(VHOST_MDEV_F_LOG_ALL) : 0;
}

int vhost_mdev_get_features(struct vhost_mdev_cmd *cmd)
{
	cmd->arg.features = vhost_mdev_features(cmd->vd) |
			    vhost_mdev_log_feature(cmd->vd);
	return 0;
}

static int vhost_mdev_negotiate(struct vhost_mdev *vd, u64 features)
{
	const struct virtio_mdev_ops *ops = vd->session.cdev->ops;
	u64 extra = features & ~vhost_mdev_features(vd);
	int ret;

	if (extra) {
		dev_warn_ratelimited(&vd->session.cdev->dev,
				     "the user asks for features that were not offered: %#llx\n",
				     extra);
		return -EINVAL;
	}
	ret = vhost_mdev_check_access_platform(vd, features);
	if (ret)
		return ret;
	return ops->set_driver_features(vd->session.cdev, features);
}

int vhost_mdev_set_features(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	const struct virtio_mdev_ops *ops = vd->session.cdev->ops;
	u64 log = vhost_mdev_log_feature(vd);
	u64 features = cmd->arg.features & ~log;
	int ret;

	if (!(ops->get_status(vd->session.cdev) & VIRTIO_CONFIG_S_FEATURES_OK)) {
		ret = vhost_mdev_negotiate(vd, features);
		if (ret)
			return ret;
	} else if (!log ||
		   features != ops->get_driver_features(vd->session.cdev)) {
		return -EBUSY;
	}
	if (!log)
		return 0;
	return vd->path->log(vd, cmd->arg.features & log);
}

static u64 vhost_mdev_backend_features(struct vhost_mdev *vd)
{
	u64 features = vd->path->features |
		BIT_ULL(VHOST_MDEV_BACKEND_F_ENABLE_AFTER_DRIVER_OK);

	/* A parent that can suspend a device can resume it. */
	if (vd->session.cdev->ops->suspend)
		features |= BIT_ULL(VHOST_MDEV_BACKEND_F_SUSPEND) |
			    BIT_ULL(VHOST_MDEV_BACKEND_F_RESUME);
	return features;
}

int vhost_mdev_get_backend_features(struct vhost_mdev_cmd *cmd)
{
	cmd->arg.features = vhost_mdev_backend_features(cmd->vd);
	return 0;
}

int vhost_mdev_set_backend_features(struct vhost_mdev_cmd *cmd)
{
	if (cmd->arg.features & ~vhost_mdev_backend_features(cmd->vd))
		return -EOPNOTSUPP;
	cmd->vd->backend_features = cmd->arg.features;
	return 0;
}
