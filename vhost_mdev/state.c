// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of a device that moves to another host: what the driver has set up by
 * other ways than the ioctls, such as the control queue.  The user itself moves the
 * features, the status and the virtqueues.
 */

#include <linux/mdev_class.h>
#include <linux/mdev_state.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>

#include "device.h"
#include "ioctl.h"
#include "path.h"
#include "saved.h"
#include "state.h"

/* Whether the user's device has a state at all, which moves */
static int vhost_mdev_state_possible(struct vhost_mdev *vd)
{
	const char *why;

	lockdep_assert_held(&vd->session.lock);
	if (!vd->path->log)
		return -ENOTTY;
	why = vd->path->migration_blocker(vd);
	if (!why)
		return 0;
	dev_info_ratelimited(&vd->session.cdev->dev,
			     "the instance cannot be migrated: %s\n", why);
	return -ENOTTY;
}

static void vhost_mdev_identify(struct vhost_mdev *vd,
				struct vhost_mdev_identity *id)
{
	struct mdev_class_device *cdev = vd->session.cdev;

	*id = (struct vhost_mdev_identity) {
		.device_id = cdev->ops->get_device_id(cdev),
		.nvqs = vd->nvqs,
		.config_size = cdev->ops->get_config_size(cdev),
		.features = cdev->ops->get_driver_features(cdev),
	};
}

/* ---- save ---- */

static int vhost_mdev_put_state(struct vhost_mdev *vd,
				struct mdev_state_writer *w, void *buf,
				size_t size)
{
	struct mdev_class_device *cdev = vd->session.cdev;
	struct vhost_mdev_identity id;
	int ret;

	vhost_mdev_identify(vd, &id);
	mdev_state_start(w, buf, size, MDEV_CLASS_ID_VHOST);
	vhost_mdev_saved_put_identity(w, &id);
	mdev_state_begin(w, MDEV_STATE_OWN, MDEV_STATE_REQUIRED);
	ret = cdev->ops->save(cdev, w);
	if (ret)
		return ret;
	mdev_state_end(w);
	mdev_state_begin(w, MDEV_STATE_END, MDEV_STATE_REQUIRED);
	mdev_state_end(w);
	return 0;
}

int vhost_mdev_get_state(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	struct mdev_class_device *cdev = vd->session.cdev;
	struct mdev_state_writer w;
	struct vhost_mdev_state arg;
	void *buf = NULL;
	size_t room;
	int ret;

	if (copy_from_user(&arg, cmd->argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved)
		return -EINVAL;
	ret = vhost_mdev_state_possible(vd);
	if (ret)
		return ret;
	if (!vd->suspended &&
	    cdev->ops->get_status(cdev) & VIRTIO_CONFIG_S_DRIVER_OK)
		return -EBUSY;

	room = min_t(size_t, arg.len, VHOST_MDEV_STATE_MAX);
	if (room) {
		buf = kvzalloc(room, GFP_KERNEL_ACCOUNT);
		if (!buf)
			return -ENOMEM;
	}
	/* What does not fit is left out, and counted. */
	ret = vhost_mdev_put_state(vd, &w, buf, room);
	if (ret)
		goto out;
	arg.len = w.len;
	if (copy_to_user(cmd->argp, &arg, sizeof(arg)))
		ret = -EFAULT;
	else if (w.len > room)
		ret = -ENOSPC;
	else if (copy_to_user(u64_to_user_ptr(arg.data), buf, w.len))
		ret = -EFAULT;
out:
	kvfree(buf);
	return ret;
}

/* ---- load ---- */

static int vhost_mdev_load_state(struct vhost_mdev *vd, const void *buf,
				 size_t len)
{
	struct mdev_class_device *cdev = vd->session.cdev;
	struct vhost_mdev_identity id;
	struct mdev_state_reader own;
	const char *why;
	int ret;

	vhost_mdev_identify(vd, &id);
	why = vhost_mdev_saved_read(&id, buf, len, &own);
	ret = why ? -EINVAL : cdev->ops->load(cdev, &own);
	if (ret)
		dev_warn_ratelimited(&cdev->dev,
				     "the state of another device cannot be loaded: %s: %pe\n",
				     why ? : "the device does not take it",
				     ERR_PTR(ret));
	return ret;
}

int vhost_mdev_set_state(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev_state *arg = &cmd->arg.blob;
	struct vhost_mdev *vd = cmd->vd;
	struct mdev_class_device *cdev = vd->session.cdev;
	void *buf;
	u8 status;
	int ret;

	if (arg->reserved)
		return -EINVAL;
	ret = vhost_mdev_state_possible(vd);
	if (ret)
		return ret;
	status = cdev->ops->get_status(cdev);
	if (!(status & VIRTIO_CONFIG_S_FEATURES_OK))
		return -EINVAL;
	if (status & VIRTIO_CONFIG_S_DRIVER_OK || vd->loaded)
		return -EBUSY;
	if (arg->len > VHOST_MDEV_STATE_MAX)
		return -E2BIG;
	if (!arg->len)
		return -EINVAL;

	buf = vmemdup_user(u64_to_user_ptr(arg->data), arg->len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = vhost_mdev_load_state(vd, buf, arg->len);
	kvfree(buf);
	if (!ret)
		vd->loaded = true;
	return ret;
}
