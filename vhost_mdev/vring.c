// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user does with one virtqueue: place it and start it.
 */

#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>

#include "vhost_mdev_private.h"

/* ---- set-up ---- */

static bool vhost_mdev_packed(struct vhost_mdev *vd)
{
	return vd->cdev->ops->get_driver_features(vd->cdev) &
	       BIT_ULL(VIRTIO_F_RING_PACKED);
}

/* Whether the device uses its rings, so that they cannot be moved. */
static bool vhost_mdev_live(struct vhost_mdev *vd)
{
	return !vd->suspended && (vd->cdev->ops->get_status(vd->cdev) &
				  VIRTIO_CONFIG_S_DRIVER_OK);
}

static int vhost_mdev_cannot_move(struct vhost_mdev *vd)
{
	return vd->be->as_vhost ? -EINVAL : -EBUSY;
}

static int vhost_mdev_set_num(struct vhost_mdev_vq *vq, u32 num)
{
	struct mdev_class_device *cdev = vq->vd->cdev;
	u32 max;

	if (vhost_mdev_live(vq->vd))
		return -EBUSY;
	max = cdev->ops->get_vq_num_max(cdev, vq->index);
	if (num > max) {
		/* libblkio does not ask, and tells its user EIO. */
		dev_warn_ratelimited(&cdev->dev,
				     "the user asks for %u entries of virtqueue %u, which has %u at most\n",
				     num, vq->index, max);
		return -EINVAL;
	}
	if (!num)
		return -EINVAL;
	return cdev->ops->set_vq_num(cdev, vq->index, num);
}

static int vhost_mdev_set_addr(struct vhost_mdev_vq *vq,
			       const struct vhost_mdev_vring_addr *addr)
{
	struct mdev_class_device *cdev = vq->vd->cdev;

	/* The only flag that there is asks for a log of writes. */
	if (addr->flags)
		return -EOPNOTSUPP;
	if (vhost_mdev_live(vq->vd))
		return vhost_mdev_cannot_move(vq->vd);
	return cdev->ops->set_vq_address(cdev, vq->index, addr->desc_user_addr,
					 addr->avail_user_addr,
					 addr->used_user_addr);
}

static int vhost_mdev_set_base(struct vhost_mdev_vq *vq, u32 num)
{
	struct mdev_class_device *cdev = vq->vd->cdev;
	struct virtio_mdev_vq_state state = {};

	if (vhost_mdev_live(vq->vd))
		return vhost_mdev_cannot_move(vq->vd);

	if (vhost_mdev_packed(vq->vd)) {
		/* Of a ring that begins anew some users only set the one half. */
		if (num == BIT(15))
			num |= BIT(31);
		state.packed.last_avail_idx = num & 0x7fff;
		state.packed.last_avail_counter = (num >> 15) & 1;
		state.packed.last_used_idx = (num >> 16) & 0x7fff;
		state.packed.last_used_counter = num >> 31;
	} else {
		if (num > U16_MAX)
			return -EINVAL;
		state.split.avail_index = num;
	}
	return cdev->ops->set_vq_state(cdev, vq->index, &state);
}

static int vhost_mdev_get_base(struct vhost_mdev_vq *vq, u32 *num)
{
	struct mdev_class_device *cdev = vq->vd->cdev;
	struct virtio_mdev_vq_state state = {};
	int ret;

	ret = cdev->ops->get_vq_state(cdev, vq->index, &state);
	if (ret)
		return ret;

	if (vhost_mdev_packed(vq->vd))
		*num = state.packed.last_avail_idx |
		       (u32)state.packed.last_avail_counter << 15 |
		       (u32)state.packed.last_used_idx << 16 |
		       (u32)state.packed.last_used_counter << 31;
	else
		*num = state.split.avail_index;
	return 0;
}

static int vhost_mdev_set_enable(struct vhost_mdev_vq *vq, u32 num)
{
	struct mdev_class_device *cdev = vq->vd->cdev;

	if (num > 1)
		return -EINVAL;
	return cdev->ops->set_vq_ready(cdev, vq->index, num);
}

static u32 vhost_mdev_get_size(struct vhost_mdev_vq *vq)
{
	struct mdev_class_device *cdev = vq->vd->cdev;

	if (cdev->ops->get_vq_size)
		return cdev->ops->get_vq_size(cdev, vq->index);
	return cdev->ops->get_vq_num_max(cdev, vq->index);
}

/* The index is the first member of each. */
union vhost_mdev_vring_arg {
	u32 index;
	struct vhost_mdev_vring_state state;
	struct vhost_mdev_vring_file file;
	struct vhost_mdev_vring_addr addr;
};

/**
 * vhost_mdev_vring_ioctl() - an ioctl about one virtqueue
 * @vd: the device, @vd->lock held
 * @cmd: the command
 * @argp: its argument
 *
 * Return: 0; -ENOTTY if @cmd is none of those; the errors that
 * uapi/linux/vhost_mdev.h and the parent have for it.
 */
long vhost_mdev_vring_ioctl(struct vhost_mdev *vd, unsigned int cmd,
			    void __user *argp)
{
	union vhost_mdev_vring_arg arg;
	struct vhost_mdev_vq *vq;
	int ret;

	switch (cmd) {
	case VHOST_MDEV_SET_VRING_NUM:
	case VHOST_MDEV_SET_VRING_ADDR:
	case VHOST_MDEV_SET_VRING_BASE:
	case VHOST_MDEV_GET_VRING_BASE:
	case VHOST_MDEV_SET_VRING_KICK:
	case VHOST_MDEV_SET_VRING_CALL:
	case VHOST_MDEV_SET_VRING_ERR:
	case VHOST_MDEV_SET_VRING_ENABLE:
	case VHOST_MDEV_GET_VRING_GROUP:
	case VHOST_MDEV_GET_VRING_DESC_GROUP:
	case VHOST_MDEV_GET_VRING_SIZE:
		break;
	default:
		return -ENOTTY;
	}

	ret = vhost_mdev_check_owner(vd);
	if (ret)
		return ret;
	if (copy_from_user(&arg, argp, _IOC_SIZE(cmd)))
		return -EFAULT;
	if (arg.index >= vd->nvqs)
		return vd->be->as_vhost ? -ENOBUFS : -EINVAL;
	vq = &vd->vqs[array_index_nospec(arg.index, vd->nvqs)];

	switch (cmd) {
	case VHOST_MDEV_SET_VRING_NUM:
		return vhost_mdev_set_num(vq, arg.state.num);
	case VHOST_MDEV_SET_VRING_ADDR:
		return vhost_mdev_set_addr(vq, &arg.addr);
	case VHOST_MDEV_SET_VRING_BASE:
		return vhost_mdev_set_base(vq, arg.state.num);
	case VHOST_MDEV_SET_VRING_KICK:
		return vhost_mdev_set_kick(vq, arg.file.fd);
	case VHOST_MDEV_SET_VRING_CALL:
		return vhost_mdev_set_signal(vq, arg.file.fd, false);
	case VHOST_MDEV_SET_VRING_ERR:
		return vhost_mdev_set_signal(vq, arg.file.fd, true);
	case VHOST_MDEV_SET_VRING_ENABLE:
		return vhost_mdev_set_enable(vq, arg.state.num);
	case VHOST_MDEV_GET_VRING_BASE:
		ret = vhost_mdev_get_base(vq, &arg.state.num);
		if (ret)
			return ret;
		break;
	case VHOST_MDEV_GET_VRING_GROUP:
		ret = vhost_mdev_get_group(vq, &arg.state.num);
		if (ret)
			return ret;
		break;
	case VHOST_MDEV_GET_VRING_DESC_GROUP:
		/* As vhost-vdpa says where DESC_ASID is not offered */
		return -EOPNOTSUPP;
	case VHOST_MDEV_GET_VRING_SIZE:
		arg.state.num = vhost_mdev_get_size(vq);
		break;
	}

	if (copy_to_user(argp, &arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	return 0;
}

/* ---- life ---- */

/**
 * vhost_mdev_vqs_init() - allocate the virtqueues
 * @vd: the device, @vd->nvqs set
 *
 * Return: 0 or -ENOMEM.
 */
int vhost_mdev_vqs_init(struct vhost_mdev *vd)
{
	u16 i;

	vd->vqs = kvcalloc(vd->nvqs, sizeof(*vd->vqs), GFP_KERNEL);
	if (!vd->vqs)
		return -ENOMEM;
	for (i = 0; i < vd->nvqs; i++) {
		vd->vqs[i].vd = vd;
		vd->vqs[i].index = i;
		vd->vqs[i].doorbell = PHYS_ADDR_MAX;
	}
	return 0;
}

/**
 * vhost_mdev_vqs_uninit() - undo vhost_mdev_vqs_init()
 * @vd: the device
 */
void vhost_mdev_vqs_uninit(struct vhost_mdev *vd)
{
	kvfree(vd->vqs);
}

/**
 * vhost_mdev_vqs_open() - get the virtqueues ready for a user
 * @vd: the device, @vd->lock held
 *
 * Doorbells are looked up here, once, since a mapping cannot take @vd->lock.
 */
void vhost_mdev_vqs_open(struct vhost_mdev *vd)
{
	u16 i;

	for (i = 0; i < vd->nvqs; i++)
		vd->vqs[i].doorbell = vhost_mdev_doorbell(&vd->vqs[i]);
}
