// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space, and the eventfd that signals its changes.
 */

#include <linux/eventfd.h>
#include <linux/mdev_class.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>

#include "config.h"
#include "device.h"
#include "ioctl.h"

/* How often to read the configuration space again while it keeps changing */
#define VHOST_MDEV_CONFIG_TRIES	16

/* Copy the header in, and check it against the configuration space. */
static int vhost_mdev_config_head(struct vhost_mdev *vd, void __user *argp,
				  struct vhost_mdev_config *head)
{
	size_t size = vd->session.cdev->ops->get_config_size(vd->session.cdev);

	if (copy_from_user(head, argp, sizeof(*head)))
		return -EFAULT;
	if (!head->len || head->off > size || head->len > size - head->off)
		return -EINVAL;
	return 0;
}

int vhost_mdev_get_config_size(struct vhost_mdev_cmd *cmd)
{
	struct mdev_class_device *cdev = cmd->vd->session.cdev;

	cmd->arg.val = cdev->ops->get_config_size(cdev);
	return 0;
}

int vhost_mdev_get_config(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	const struct virtio_mdev_ops *ops = vd->session.cdev->ops;
	struct vhost_mdev_config head;
	unsigned int tries = 0;
	u32 generation = 0;
	void *buf;
	int ret;

	ret = vhost_mdev_config_head(vd, cmd->argp, &head);
	if (ret)
		return ret;
	buf = kvzalloc(head.len, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;

	/* The user cannot see the generation, so try to get a consistent copy. */
	do {
		if (ops->get_generation)
			generation = ops->get_generation(vd->session.cdev);
		ops->get_config(vd->session.cdev, head.off, buf, head.len);
	} while (ops->get_generation && ++tries < VHOST_MDEV_CONFIG_TRIES &&
		 generation != ops->get_generation(vd->session.cdev));

	if (copy_to_user(cmd->argp + sizeof(head), buf, head.len))
		ret = -EFAULT;
	kvfree(buf);
	return ret;
}

int vhost_mdev_set_config(struct vhost_mdev_cmd *cmd)
{
	struct vhost_mdev *vd = cmd->vd;
	struct mdev_class_device *cdev = vd->session.cdev;
	struct vhost_mdev_config head;
	void *buf;
	int ret;

	ret = vhost_mdev_config_head(vd, cmd->argp, &head);
	if (ret)
		return ret;
	buf = vmemdup_user(cmd->argp + sizeof(head), head.len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	cdev->ops->set_config(cdev, head.off, buf, head.len);
	kvfree(buf);
	return 0;
}

/* ---- changes ---- */

static irqreturn_t vhost_mdev_config_changed(void *private)
{
	eventfd_signal(private);
	return IRQ_HANDLED;
}

/**
 * vhost_mdev_set_config_fd() - set the eventfd for configuration changes
 * @vd: the device, @vd->session.lock held
 * @fd: an eventfd, or VHOST_MDEV_FILE_UNBIND for none
 *
 * Return: 0; -EBADF or -EINVAL if @fd is no eventfd.
 */
int vhost_mdev_set_config_fd(struct vhost_mdev *vd, int fd)
{
	struct virtio_mdev_callback cb = {
		.callback = vhost_mdev_config_changed,
	};
	struct mdev_class_device *cdev = vd->session.cdev;
	struct eventfd_ctx *ctx = NULL;

	lockdep_assert_held(&vd->session.lock);
	if (fd != VHOST_MDEV_FILE_UNBIND) {
		/* Pairs with eventfd_ctx_put() below, in a later call */
		ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
		cb.private = ctx;
	}
	cdev->ops->set_config_cb(cdev, ctx ? &cb : NULL);
	swap(vd->config_ctx, ctx);
	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
}

int vhost_mdev_set_config_call(struct vhost_mdev_cmd *cmd)
{
	return vhost_mdev_set_config_fd(cmd->vd, cmd->arg.fd);
}

/**
 * vhost_mdev_config_hang_up() - wake whoever waits for changes
 * @vd: the device, @vd->session.lock held
 */
void vhost_mdev_config_hang_up(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	if (vd->config_ctx)
		eventfd_signal(vd->config_ctx);
}
