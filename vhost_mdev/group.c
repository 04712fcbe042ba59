// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of virtqueues, and the address spaces that they use.
 */

#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>

#include "vhost_mdev_private.h"

/**
 * vhost_mdev_nr_as() - how many address spaces the user can fill
 * @vd: the device, open
 *
 * Return: the number, at least 1.
 */
u32 vhost_mdev_nr_as(struct vhost_mdev *vd)
{
	return vd->be->nr_as ? vd->be->nr_as(vd) : 1;
}

/**
 * vhost_mdev_get_group() - the group of a virtqueue
 * @vq: the virtqueue
 * @group: result
 *
 * Context: @vq->vd->lock held.
 * Return: 0; -EIO if the parent contradicts itself.
 */
int vhost_mdev_get_group(struct vhost_mdev_vq *vq, u32 *group)
{
	struct mdev_class_device *cdev = vq->vd->cdev;

	*group = 0;
	if (cdev->ops->get_vq_group)
		*group = cdev->ops->get_vq_group(cdev, vq->index);
	return *group < vq->vd->nr_groups ? 0 : -EIO;
}

/**
 * vhost_mdev_set_group_asid() - SET_GROUP_ASID
 * @vd: the device, @vd->lock held
 * @argp: a struct vhost_mdev_vring_state
 *
 * Return: 0; -EFAULT; -EPERM on the char device, if it has no owner; -EINVAL if
 * there is no such group or address space; -EBUSY if the device is live;
 * -EOPNOTSUPP if the parent knows one address space only; what it fails with.
 */
int vhost_mdev_set_group_asid(struct vhost_mdev *vd, void __user *argp)
{
	struct mdev_class_device *cdev = vd->cdev;
	u32 nr_as = vhost_mdev_nr_as(vd);
	struct vhost_mdev_vring_state s;
	u32 group, asid;
	int ret;

	ret = vhost_mdev_check_owner(vd);
	if (ret)
		return ret;
	if (copy_from_user(&s, argp, sizeof(s)))
		return -EFAULT;
	if (s.index >= vd->nr_groups || s.num >= nr_as)
		return -EINVAL;
	if (cdev->ops->get_status(cdev) & VIRTIO_CONFIG_S_DRIVER_OK)
		return -EBUSY;
	if (!cdev->ops->set_group_asid)
		/* Where it is already */
		return s.num ? -EOPNOTSUPP : 0;

	group = array_index_nospec(s.index, vd->nr_groups);
	asid = array_index_nospec(s.num, nr_as);
	return cdev->ops->set_group_asid(cdev, group, asid,
					 vd->be->mem(vd, asid));
}
