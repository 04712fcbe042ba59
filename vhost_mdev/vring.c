// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls for one virtqueue: place it and start it.
 */

#include <linux/mdev_class.h>
#include <linux/slab.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>

#include "device.h"
#include "ioctl.h"
#include "path.h"
#include "vring.h"

/* ---- set-up ---- */

static bool vhost_mdev_packed(struct vhost_mdev *vd)
{
	return vd->session.cdev->ops->get_driver_features(vd->session.cdev) &
	       BIT_ULL(VIRTIO_F_RING_PACKED);
}

/* Whether the device uses its rings, so that they cannot be moved. */
static bool vhost_mdev_live(struct vhost_mdev *vd)
{
	struct mdev_class_device *cdev = vd->session.cdev;

	return !vd->suspended &&
	       (cdev->ops->get_status(cdev) & VIRTIO_CONFIG_S_DRIVER_OK);
}

static int vhost_mdev_cannot_move(struct vhost_mdev *vd)
{
	return vd->path->as_vhost ? -EINVAL : -EBUSY;
}

int vhost_mdev_get_vqs_count(struct vhost_mdev_cmd *cmd)
{
	cmd->arg.val = cmd->vd->nvqs;
	return 0;
}

/* The largest size that any virtqueue can have */
int vhost_mdev_get_vring_num(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	struct mdev_class_device *cdev = vd->session.cdev;
	u16 i, max = 0;

	for (i = 0; i < vd->nvqs; i++)
		max = max(max, cdev->ops->get_vq_num_max(cdev, i));
	cmd->arg.num = max;
	return 0;
}

int vhost_mdev_set_vring_num(struct vhost_mdev_cmd *cmd)
{
	u32 num = cmd->arg.state.num, max;
	struct vhost_mdev_vq *vq = cmd->vq;
	struct mdev_class_device *cdev = vq->vd->session.cdev;

	if (vhost_mdev_live(vq->vd))
		return -EBUSY;
	max = cdev->ops->get_vq_num_max(cdev, vq->index);
	if (num > max) {
		/* libblkio does not ask for the maximum, and reports only EIO. */
		dev_warn_ratelimited(&cdev->dev,
				     "the user asks for %u entries of virtqueue %u, which has %u at most\n",
				     num, vq->index, max);
		return -EINVAL;
	}
	if (!num)
		return -EINVAL;
	return cdev->ops->set_vq_num(cdev, vq->index, num);
}

int vhost_mdev_set_vring_addr(struct vhost_mdev_cmd *cmd)
{
	const struct vhost_mdev_vring_addr *addr = &cmd->arg.addr;
	struct vhost_mdev_vq *vq = cmd->vq;
	struct mdev_class_device *cdev = vq->vd->session.cdev;

	/* The only flag defined asks for a log of writes: not supported. */
	if (addr->flags)
		return -EOPNOTSUPP;
	if (vhost_mdev_live(vq->vd))
		return vhost_mdev_cannot_move(vq->vd);
	return cdev->ops->set_vq_address(cdev, vq->index, addr->desc_user_addr,
					 addr->avail_user_addr,
					 addr->used_user_addr);
}

int vhost_mdev_set_vring_base(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev_vq *vq = cmd->vq;
	struct mdev_class_device *cdev = vq->vd->session.cdev;
	struct virtio_mdev_vq_state state = {};
	u32 num = cmd->arg.state.num;

	if (vhost_mdev_live(vq->vd))
		return vhost_mdev_cannot_move(vq->vd);

	if (vhost_mdev_packed(vq->vd)) {
		/* For a new ring, some users set only the available half. */
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

int vhost_mdev_get_vring_base(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev_vq *vq = cmd->vq;
	struct mdev_class_device *cdev = vq->vd->session.cdev;
	struct virtio_mdev_vq_state state = {};
	u32 *num = &cmd->arg.state.num;
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

int vhost_mdev_set_vring_enable(struct vhost_mdev_cmd *cmd)
{
	struct mdev_class_device *cdev = cmd->vd->session.cdev;
	u32 num = cmd->arg.state.num;

	if (num > 1)
		return -EINVAL;
	return cdev->ops->set_vq_ready(cdev, cmd->vq->index, num);
}

int vhost_mdev_get_vring_size(struct vhost_mdev_cmd *cmd)
{
	struct mdev_class_device *cdev = cmd->vd->session.cdev;
	u16 index = cmd->vq->index;

	cmd->arg.state.num = cdev->ops->get_vq_size ?
			     cdev->ops->get_vq_size(cdev, index) :
			     cdev->ops->get_vq_num_max(cdev, index);
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
		vd->vqs[i].doorbell.all = &vd->session.doorbells;
		vd->vqs[i].doorbell.addr = PHYS_ADDR_MAX;
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
 * @vd: the device, @vd->session.lock held
 *
 * Doorbells are looked up here, once, because mmap() cannot take the lock.
 */
void vhost_mdev_vqs_open(struct vhost_mdev *vd)
{
	u16 i;

	lockdep_assert_held(&vd->session.lock);
	for (i = 0; i < vd->nvqs; i++) {
		mdev_kick_init(&vd->vqs[i].kick, vd->session.cdev, i);
		vd->vqs[i].doorbell.addr =
			mdev_doorbell_addr(vd->session.cdev, i);
	}
}
