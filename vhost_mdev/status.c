// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a device: its status, reset, suspend and resume, and its owner.
 */

#include <linux/mdev_class.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>

#include "device.h"
#include "features.h"
#include "ioctl.h"
#include "path.h"
#include "status.h"

#define VHOST_MDEV_STATUS	(VIRTIO_CONFIG_S_ACKNOWLEDGE |	\
				 VIRTIO_CONFIG_S_DRIVER |	\
				 VIRTIO_CONFIG_S_DRIVER_OK |	\
				 VIRTIO_CONFIG_S_FEATURES_OK |	\
				 VIRTIO_CONFIG_S_FAILED)

/**
 * vhost_mdev_reset() - reset the device
 * @vd: the device, @vd->session.lock held
 *
 * The user's eventfds stay.
 *
 * Return: 0, or what the parent's reset failed with.
 */
int vhost_mdev_reset(struct vhost_mdev *vd)
{
	int ret;

	lockdep_assert_held(&vd->session.lock);
	ret = mdev_class_reset(vd->session.cdev);
	if (ret) {
		dev_err_ratelimited(&vd->session.cdev->dev,
				    "the device cannot be reset: %pe\n",
				    ERR_PTR(ret));
		return ret;
	}
	vd->suspended = false;
	vd->loaded = false;
	vd->paused = false;
	if (vd->path->mem_reset)
		vd->path->mem_reset(vd);
	return 0;
}

int vhost_mdev_get_status(struct vhost_mdev_cmd *cmd)
{
	struct mdev_class_device *cdev = cmd->vd->session.cdev;

	cmd->arg.status = cdev->ops->get_status(cdev);
	return 0;
}

int vhost_mdev_set_status(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	struct mdev_class_device *cdev = vd->session.cdev;
	const struct virtio_mdev_ops *ops = cdev->ops;
	u8 old = ops->get_status(cdev) & ~VIRTIO_CONFIG_S_NEEDS_RESET;
	u8 status = cmd->arg.status;
	int ret;

	if (!status)
		return vhost_mdev_reset(vd);

	/* Only the device sets this bit; a user may write back what it read. */
	status &= ~VIRTIO_CONFIG_S_NEEDS_RESET;

	if ((status & ~VHOST_MDEV_STATUS) || (old & ~status))
		return -EINVAL;
	if ((status & VIRTIO_CONFIG_S_DRIVER_OK) &&
	    !(status & VIRTIO_CONFIG_S_FEATURES_OK))
		return -EINVAL;
	if (status & ~old & VIRTIO_CONFIG_S_FEATURES_OK) {
		ret = vhost_mdev_check_access_platform(vd,
						       ops->get_driver_features(cdev));
		if (ret)
			return ret;
	}
	if (status == old)
		return 0;
	return mdev_class_set_status(cdev, status);
}

int vhost_mdev_suspend(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	const struct virtio_mdev_ops *ops = vd->session.cdev->ops;
	int ret;

	if (!ops->suspend)
		return -EOPNOTSUPP;
	/* Nothing to do unless it runs: QEMU suspends a device in any state. */
	if (!(ops->get_status(vd->session.cdev) & VIRTIO_CONFIG_S_DRIVER_OK))
		return 0;
	if (vd->suspended)
		return 0;
	/* A device that a batch of messages has stopped stands still already. */
	ret = vd->paused ? 0 : ops->suspend(vd->session.cdev);
	if (!ret)
		vd->suspended = true;
	return ret;
}

int vhost_mdev_resume(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	const struct virtio_mdev_ops *ops = vd->session.cdev->ops;
	int ret;

	if (!ops->resume)
		return -EOPNOTSUPP;
	if (!(ops->get_status(vd->session.cdev) & VIRTIO_CONFIG_S_DRIVER_OK))
		return 0;
	if (!vd->suspended)
		return 0;
	/* In a batch that has stopped the device, the end of the batch restarts it. */
	ret = vd->paused ? 0 : ops->resume(vd->session.cdev);
	if (!ret)
		vd->suspended = false;
	return ret;
}

int vhost_mdev_set_owner(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;

	if (vd->owned)
		return -EBUSY;
	vd->owned = true;
	mdev_session_set_user(&vd->session);
	if (vd->path->set_owner)
		vd->path->set_owner(vd);
	return 0;
}

int vhost_mdev_reset_owner(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	int ret;

	if (!vd->owned)
		return -EPERM;
	ret = vhost_mdev_reset(vd);
	if (ret)
		return ret;
	vd->owned = false;
	if (vd->path->reset_owner)
		vd->path->reset_owner(vd);
	return 0;
}
