// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vhost ioctls, whatever kind of file the user holds.
 */

#include <linux/uaccess.h>
#include <linux/vhost_mdev.h>

#include "vhost_mdev_private.h"

static int vhost_mdev_put_u8(void __user *argp, u8 val)
{
	return put_user(val, (u8 __user *)argp);
}

static int vhost_mdev_put_u16(void __user *argp, u16 val)
{
	return put_user(val, (u16 __user *)argp);
}

static int vhost_mdev_put_u32(void __user *argp, u32 val)
{
	return put_user(val, (u32 __user *)argp);
}

static int vhost_mdev_put_u64(void __user *argp, u64 val)
{
	return copy_to_user(argp, &val, sizeof(val)) ? -EFAULT : 0;
}

static u16 vhost_mdev_num_max(struct vhost_mdev *vd)
{
	u16 i, max = 0;

	for (i = 0; i < vd->nvqs; i++)
		max = max(max, vd->cdev->ops->get_vq_num_max(vd->cdev, i));
	return max;
}

static int vhost_mdev_get_iova_range(struct vhost_mdev *vd, void __user *argp)
{
	struct vhost_mdev_iova_range range;
	u64 first = 0, last = U64_MAX;

	if (vd->be->iova_range)
		vd->be->iova_range(vd, &first, &last);
	range.first = first;
	range.last = last;
	return copy_to_user(argp, &range, sizeof(range)) ? -EFAULT : 0;
}

/* Commands that answer with a number of the device */
static long vhost_mdev_get_ioctl(struct vhost_mdev *vd, unsigned int cmd,
				 void __user *argp)
{
	const struct virtio_mdev_ops *ops = vd->cdev->ops;

	switch (cmd) {
	case VHOST_MDEV_GET_FEATURES:
		return vhost_mdev_put_u64(argp, vhost_mdev_features(vd));
	case VHOST_MDEV_GET_BACKEND_FEATURES:
		return vhost_mdev_put_u64(argp,
					  vhost_mdev_backend_features(vd));
	case VHOST_MDEV_GET_DEVICE_ID:
		return vhost_mdev_put_u32(argp, ops->get_device_id(vd->cdev));
	case VHOST_MDEV_GET_STATUS:
		return vhost_mdev_put_u8(argp, ops->get_status(vd->cdev));
	case VHOST_MDEV_GET_VRING_NUM:
		return vhost_mdev_put_u16(argp, vhost_mdev_num_max(vd));
	case VHOST_MDEV_GET_IOVA_RANGE:
		return vhost_mdev_get_iova_range(vd, argp);
	case VHOST_MDEV_GET_CONFIG_SIZE:
		return vhost_mdev_put_u32(argp, ops->get_config_size(vd->cdev));
	case VHOST_MDEV_GET_VQS_COUNT:
		return vhost_mdev_put_u32(argp, vd->nvqs);
	case VHOST_MDEV_GET_GROUP_NUM:
		return vhost_mdev_put_u32(argp, vd->nr_groups);
	case VHOST_MDEV_GET_AS_NUM:
		return vhost_mdev_put_u32(argp, vhost_mdev_nr_as(vd));
	}
	return -ENOTTY;
}

/* Commands that carry a number */
static long vhost_mdev_set_ioctl(struct vhost_mdev *vd, unsigned int cmd,
				 void __user *argp)
{
	u64 features;
	u8 status;
	s32 fd;

	switch (cmd) {
	case VHOST_MDEV_SET_FEATURES:
	case VHOST_MDEV_SET_BACKEND_FEATURES:
		if (copy_from_user(&features, argp, sizeof(features)))
			return -EFAULT;
		if (cmd == VHOST_MDEV_SET_FEATURES)
			return vhost_mdev_set_features(vd, features);
		return vhost_mdev_set_backend_features(vd, features);
	case VHOST_MDEV_SET_STATUS:
		if (get_user(status, (u8 __user *)argp))
			return -EFAULT;
		return vhost_mdev_set_status(vd, status);
	case VHOST_MDEV_SET_CONFIG_CALL:
		if (get_user(fd, (s32 __user *)argp))
			return -EFAULT;
		return vhost_mdev_set_config_call(vd, fd);
	case VHOST_MDEV_SET_GROUP_ASID:
		return vhost_mdev_set_group_asid(vd, argp);
	}
	return -ENOTTY;
}

static long vhost_mdev_do_ioctl(struct vhost_mdev *vd, unsigned int cmd,
				void __user *argp)
{
	long ret;

	switch (cmd) {
	case VHOST_MDEV_SET_OWNER:
		return vhost_mdev_set_owner(vd);
	case VHOST_MDEV_RESET_OWNER:
		return vhost_mdev_reset_owner(vd);
	case VHOST_MDEV_SET_MEM_TABLE:
		return vd->be->mem_ioctl(vd, cmd, argp);
	case VHOST_MDEV_SET_LOG_BASE:
	case VHOST_MDEV_SET_LOG_FD:
		/* Becomes ENOTTY on its way out, as for an unknown command. */
		return -ENOIOCTLCMD;
	case VHOST_MDEV_GET_CONFIG:
		return vhost_mdev_get_config(vd, argp);
	case VHOST_MDEV_SET_CONFIG:
		return vhost_mdev_set_config(vd, argp);
	case VHOST_MDEV_SUSPEND:
		return vhost_mdev_suspend(vd);
	case VHOST_MDEV_RESUME:
		return vhost_mdev_resume(vd);
	}

	ret = vhost_mdev_get_ioctl(vd, cmd, argp);
	if (ret == -ENOTTY)
		ret = vhost_mdev_set_ioctl(vd, cmd, argp);
	if (ret == -ENOTTY)
		ret = vhost_mdev_vring_ioctl(vd, cmd, argp);
	return ret;
}

static bool vhost_mdev_is_present(struct vhost_mdev *vd)
{
	struct mdev_class_device *cdev = vd->cdev;

	return !cdev->ops->is_present || cdev->ops->is_present(cdev);
}

/**
 * vhost_mdev_ioctl() - a vhost ioctl of the device's user
 * @vd: the device, open
 * @cmd: the command
 * @arg: its argument
 *
 * Context: process context, by the user.
 * Return: 0; -ENODEV, whichever the command, if the device is gone or was revoked;
 * -ENOTTY for an unknown command; the errors of each command.
 */
long vhost_mdev_ioctl(struct vhost_mdev *vd, unsigned int cmd,
		      unsigned long arg)
{
	long ret;

	ret = vhost_mdev_lock(vd);
	if (ret)
		return ret;
	ret = vhost_mdev_do_ioctl(vd, cmd, (void __user *)arg);
	/* Asked afterwards, for nothing that was read before may be believed. */
	if (!vhost_mdev_is_present(vd))
		ret = -ENODEV;
	vhost_mdev_unlock(vd);
	return ret;
}
