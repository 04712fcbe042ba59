// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups of virtqueues, and the address spaces that they use.
 */

#include <linux/mdev_class.h>
#include <linux/nospec.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>

#include "device.h"
#include "group.h"
#include "ioctl.h"
#include "path.h"
#include "vring.h"

/* How many address spaces the user can fill, at least 1 */
static u32 vhost_mdev_nr_as(struct vhost_mdev *vd)
{
	return vd->path->nr_as ? vd->path->nr_as(vd) : 1;
}

int vhost_mdev_get_group_num(struct vhost_mdev_cmd *cmd)
{
	cmd->arg.val = cmd->vd->nr_groups;
	return 0;
}

int vhost_mdev_get_as_num(struct vhost_mdev_cmd *cmd)
{
	cmd->arg.val = vhost_mdev_nr_as(cmd->vd);
	return 0;
}

int vhost_mdev_get_vring_group(struct vhost_mdev_cmd *cmd)
{
	struct mdev_class_device *cdev = cmd->vd->session.cdev;
	u32 group = 0;

	if (cdev->ops->get_vq_group)
		group = cdev->ops->get_vq_group(cdev, cmd->vq->index);
	/* The parent contradicts its own number of groups. */
	if (group >= cmd->vd->nr_groups)
		return -EIO;
	cmd->arg.state.num = group;
	return 0;
}

int vhost_mdev_get_vring_desc_group(struct vhost_mdev_cmd *cmd)
{
	/* What vhost-vdpa returns if DESC_ASID is not offered */
	return -EOPNOTSUPP;
}

int vhost_mdev_set_group_asid(struct vhost_mdev_cmd *cmd)
{
	const struct vhost_mdev_vring_state *s = &cmd->arg.state;
	struct vhost_mdev *vd = cmd->vd;
	struct mdev_class_device *cdev = vd->session.cdev;
	u32 nr_as = vhost_mdev_nr_as(vd);
	u32 group, asid;

	if (s->index >= vd->nr_groups || s->num >= nr_as)
		return -EINVAL;
	if (cdev->ops->get_status(cdev) & VIRTIO_CONFIG_S_DRIVER_OK)
		return -EBUSY;
	if (!cdev->ops->set_group_asid)
		/* Every group is in address space 0 already. */
		return s->num ? -EOPNOTSUPP : 0;

	group = array_index_nospec(s->index, vd->nr_groups);
	asid = array_index_nospec(s->num, nr_as);
	return cdev->ops->set_group_asid(cdev, group, asid,
					 vd->path->mem(vd, asid));
}
