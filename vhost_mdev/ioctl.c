// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vhost ioctls, whatever kind of file the user holds.
 */

#include <linux/eventfd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>

#include "vhost_mdev_private.h"

/*
 * What needs more than these ioctls can say: a reset of one virtqueue, a kick
 * that carries data, and what belongs to the PCI transport.
 */
#define VHOST_MDEV_FILTER	(BIT_ULL(VIRTIO_F_SR_IOV) |		\
				 BIT_ULL(VIRTIO_F_NOTIFICATION_DATA) |	\
				 BIT_ULL(VIRTIO_F_NOTIF_CONFIG_DATA) |	\
				 BIT_ULL(VIRTIO_F_RING_RESET) |		\
				 BIT_ULL(VIRTIO_F_ADMIN_VQ))

#define VHOST_MDEV_STATUS	(VIRTIO_CONFIG_S_ACKNOWLEDGE |	\
				 VIRTIO_CONFIG_S_DRIVER |	\
				 VIRTIO_CONFIG_S_DRIVER_OK |	\
				 VIRTIO_CONFIG_S_FEATURES_OK |	\
				 VIRTIO_CONFIG_S_FAILED)

/* How often to read the configuration space again while it keeps changing */
#define VHOST_MDEV_CONFIG_TRIES	16

/* ---- features ---- */

static u64 vhost_mdev_features(struct vhost_mdev *vd)
{
	return vd->cdev->ops->get_device_features(vd->cdev) &
	       ~VHOST_MDEV_FILTER;
}

/* Addresses on the rings are the user's own, which is what the bit says. */
static int vhost_mdev_check_access_platform(struct vhost_mdev *vd, u64 features)
{
	const u64 bit = BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);

	if (features & bit || !(vhost_mdev_features(vd) & bit))
		return 0;

	dev_warn_ratelimited(&vd->cdev->dev,
			     "the user has to negotiate VIRTIO_F_ACCESS_PLATFORM (bit 33), for it gives I/O virtual addresses\n");
	return -EINVAL;
}

static int vhost_mdev_set_features(struct vhost_mdev *vd, u64 features)
{
	const struct virtio_mdev_ops *ops = vd->cdev->ops;
	u64 extra = features & ~vhost_mdev_features(vd);
	int ret;

	if (ops->get_status(vd->cdev) & VIRTIO_CONFIG_S_FEATURES_OK)
		return -EBUSY;
	if (extra) {
		dev_warn_ratelimited(&vd->cdev->dev,
				     "the user asks for features that were not offered: %#llx\n",
				     extra);
		return -EINVAL;
	}
	ret = vhost_mdev_check_access_platform(vd, features);
	if (ret)
		return ret;
	return ops->set_driver_features(vd->cdev, features);
}

static u64 vhost_mdev_backend_features(struct vhost_mdev *vd)
{
	u64 features = vd->be->features |
		BIT_ULL(VHOST_MDEV_BACKEND_F_ENABLE_AFTER_DRIVER_OK);

	if (vd->cdev->ops->suspend)
		features |= BIT_ULL(VHOST_MDEV_BACKEND_F_SUSPEND);
	if (vd->cdev->ops->suspend && vd->cdev->ops->resume)
		features |= BIT_ULL(VHOST_MDEV_BACKEND_F_RESUME);
	return features;
}

static int vhost_mdev_set_backend_features(struct vhost_mdev *vd, u64 features)
{
	if (features & ~vhost_mdev_backend_features(vd))
		return -EOPNOTSUPP;
	vd->backend_features = features;
	return 0;
}

/* ---- status ---- */

/**
 * vhost_mdev_reset() - reset the device
 * @vd: the device, @vd->lock held
 *
 * The user's eventfds stay.
 *
 * Return: 0, or what the parent's reset failed with.
 */
int vhost_mdev_reset(struct vhost_mdev *vd)
{
	int ret;

	ret = vd->cdev->ops->reset(vd->cdev);
	if (ret) {
		dev_err_ratelimited(&vd->cdev->dev,
				    "the device cannot be reset: %pe\n",
				    ERR_PTR(ret));
		return ret;
	}
	vd->suspended = false;
	vd->held = false;
	if (vd->be->mem_reset)
		vd->be->mem_reset(vd);
	return 0;
}

static int vhost_mdev_set_status(struct vhost_mdev *vd, u8 status)
{
	const struct virtio_mdev_ops *ops = vd->cdev->ops;
	u8 old = ops->get_status(vd->cdev) & ~VIRTIO_CONFIG_S_NEEDS_RESET;
	int ret;

	if (!status)
		return vhost_mdev_reset(vd);

	/* The device's own; a user may well write back what it read. */
	status &= ~VIRTIO_CONFIG_S_NEEDS_RESET;

	if ((status & ~VHOST_MDEV_STATUS) || (old & ~status))
		return -EINVAL;
	if ((status & VIRTIO_CONFIG_S_DRIVER_OK) &&
	    !(status & VIRTIO_CONFIG_S_FEATURES_OK))
		return -EINVAL;
	if (status & ~old & VIRTIO_CONFIG_S_FEATURES_OK) {
		ret = vhost_mdev_check_access_platform(vd,
						       ops->get_driver_features(vd->cdev));
		if (ret)
			return ret;
	}
	if (status == old)
		return 0;
	return ops->set_status(vd->cdev, status);
}

static int vhost_mdev_suspend(struct vhost_mdev *vd)
{
	const struct virtio_mdev_ops *ops = vd->cdev->ops;
	int ret;

	if (!ops->suspend)
		return -EOPNOTSUPP;
	/* What does not run stands still; QEMU asks for it in any state. */
	if (!(ops->get_status(vd->cdev) & VIRTIO_CONFIG_S_DRIVER_OK))
		return 0;
	if (vd->suspended)
		return 0;
	ret = ops->suspend(vd->cdev);
	if (!ret)
		vd->suspended = true;
	return ret;
}

static int vhost_mdev_resume(struct vhost_mdev *vd)
{
	const struct virtio_mdev_ops *ops = vd->cdev->ops;
	int ret;

	if (!ops->suspend || !ops->resume)
		return -EOPNOTSUPP;
	if (!(ops->get_status(vd->cdev) & VIRTIO_CONFIG_S_DRIVER_OK))
		return 0;
	if (!vd->suspended)
		return 0;
	ret = ops->resume(vd->cdev);
	if (!ret)
		vd->suspended = false;
	return ret;
}

static int vhost_mdev_set_owner(struct vhost_mdev *vd)
{
	if (vd->owned)
		return -EBUSY;
	vd->owned = true;
	vhost_mdev_set_user(vd);
	if (vd->be->set_owner)
		vd->be->set_owner(vd);
	return 0;
}

static int vhost_mdev_reset_owner(struct vhost_mdev *vd)
{
	int ret;

	if (!vd->owned)
		return -EPERM;
	ret = vhost_mdev_reset(vd);
	if (ret)
		return ret;
	vd->owned = false;
	if (vd->be->reset_owner)
		vd->be->reset_owner(vd);
	return 0;
}

/* ---- configuration space ---- */

/* Copy the header in, and check it against the configuration space. */
static int vhost_mdev_config_head(struct vhost_mdev *vd, void __user *argp,
				  struct vhost_mdev_config *head)
{
	size_t size = vd->cdev->ops->get_config_size(vd->cdev);

	if (copy_from_user(head, argp, sizeof(*head)))
		return -EFAULT;
	if (!head->len || head->off > size || head->len > size - head->off)
		return -EINVAL;
	return 0;
}

static int vhost_mdev_get_config(struct vhost_mdev *vd, void __user *argp)
{
	const struct virtio_mdev_ops *ops = vd->cdev->ops;
	struct vhost_mdev_config head;
	unsigned int tries = 0;
	u32 generation = 0;
	void *buf;
	int ret;

	ret = vhost_mdev_config_head(vd, argp, &head);
	if (ret)
		return ret;
	buf = kvzalloc(head.len, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;

	/* The user sees no generation, so it gets a whole one, if it can be. */
	do {
		if (ops->get_generation)
			generation = ops->get_generation(vd->cdev);
		ops->get_config(vd->cdev, head.off, buf, head.len);
	} while (ops->get_generation && ++tries < VHOST_MDEV_CONFIG_TRIES &&
		 generation != ops->get_generation(vd->cdev));

	if (copy_to_user(argp + sizeof(head), buf, head.len))
		ret = -EFAULT;
	kvfree(buf);
	return ret;
}

static int vhost_mdev_set_config(struct vhost_mdev *vd, void __user *argp)
{
	struct vhost_mdev_config head;
	void *buf;
	int ret;

	ret = vhost_mdev_config_head(vd, argp, &head);
	if (ret)
		return ret;
	buf = vmemdup_user(argp + sizeof(head), head.len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	vd->cdev->ops->set_config(vd->cdev, head.off, buf, head.len);
	kvfree(buf);
	return 0;
}

/* ---- all the ioctls ---- */

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
