// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vhost ioctls, which are the same for both kinds of files: the table of
 * commands, and what all of them have in common.
 */

#include <linux/build_bug.h>
#include <linux/mdev_class.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>

#include "config.h"
#include "device.h"
#include "eventfd.h"
#include "features.h"
#include "group.h"
#include "ioctl.h"
#include "path.h"
#include "state.h"
#include "status.h"
#include "vring.h"

static int vhost_mdev_get_device_id(struct vhost_mdev_cmd *cmd)
{
	struct mdev_class_device *cdev = cmd->vd->session.cdev;

	cmd->arg.val = cdev->ops->get_device_id(cdev);
	return 0;
}

static int vhost_mdev_get_iova_range(struct vhost_mdev_cmd *cmd)
{
	u64 first = 0, last = U64_MAX;

	if (cmd->vd->path->iova_range)
		cmd->vd->path->iova_range(cmd->vd, &first, &last);
	cmd->arg.range.first = first;
	cmd->arg.range.last = last;
	return 0;
}

static int vhost_mdev_set_mem_table(struct vhost_mdev_cmd *cmd)
{
	dev_warn_ratelimited(&cmd->vd->session.cdev->dev,
			     "the user has to map memory %s, not by a memory table\n",
			     cmd->vd->path->mem_way);
	return -ENOTTY;
}

/* ---- the table ---- */

/* The argument names a virtqueue: &vhost_mdev_cmd.vq */
#define VHOST_MDEV_CMD_VQ	BIT(0)
/* Needs an owner, if the access path behaves as vhost does */
#define VHOST_MDEV_CMD_OWNER	BIT(1)
/* The handler copies the argument, whose length is in it */
#define VHOST_MDEV_CMD_RAW	BIT(2)

/**
 * struct vhost_mdev_handler - a command and its handler
 * @cmd: the command, which also says how long the argument is and which way it is
 *	copied
 * @flags: VHOST_MDEV_CMD_*
 * @handle: returns 0 or a negative errno; called with &mdev_session.lock held
 */
struct vhost_mdev_handler {
	unsigned int cmd;
	unsigned int flags;
	int (*handle)(struct vhost_mdev_cmd *cmd);
};

#define VHOST_MDEV_HANDLER(_cmd, _flags, _handle) {			\
	.cmd = VHOST_MDEV_##_cmd + BUILD_BUG_ON_ZERO(			\
		_IOC_SIZE(VHOST_MDEV_##_cmd) > sizeof(union vhost_mdev_arg)), \
	.flags = (_flags),						\
	.handle = vhost_mdev_##_handle,					\
}

#define VHOST_MDEV_DEV(_cmd, _handle) \
	VHOST_MDEV_HANDLER(_cmd, 0, _handle)
#define VHOST_MDEV_VRING(_cmd, _handle) \
	VHOST_MDEV_HANDLER(_cmd, VHOST_MDEV_CMD_VQ | VHOST_MDEV_CMD_OWNER, \
			   _handle)

/* There is no log of pages, so SET_LOG_BASE and SET_LOG_FD are unknown. */
static const struct vhost_mdev_handler vhost_mdev_handlers[] = {
	VHOST_MDEV_DEV(GET_FEATURES, get_features),
	VHOST_MDEV_DEV(SET_FEATURES, set_features),
	VHOST_MDEV_DEV(SET_OWNER, set_owner),
	VHOST_MDEV_DEV(RESET_OWNER, reset_owner),
	VHOST_MDEV_HANDLER(SET_MEM_TABLE, VHOST_MDEV_CMD_RAW, set_mem_table),
	VHOST_MDEV_VRING(SET_VRING_NUM, set_vring_num),
	VHOST_MDEV_VRING(SET_VRING_ADDR, set_vring_addr),
	VHOST_MDEV_VRING(SET_VRING_BASE, set_vring_base),
	VHOST_MDEV_VRING(GET_VRING_BASE, get_vring_base),
	VHOST_MDEV_VRING(SET_VRING_KICK, set_vring_kick),
	VHOST_MDEV_VRING(SET_VRING_CALL, set_vring_call),
	VHOST_MDEV_VRING(SET_VRING_ERR, set_vring_err),
	VHOST_MDEV_DEV(SET_BACKEND_FEATURES, set_backend_features),
	VHOST_MDEV_DEV(GET_BACKEND_FEATURES, get_backend_features),
	VHOST_MDEV_DEV(GET_DEVICE_ID, get_device_id),
	VHOST_MDEV_DEV(GET_STATUS, get_status),
	VHOST_MDEV_DEV(SET_STATUS, set_status),
	VHOST_MDEV_HANDLER(GET_CONFIG, VHOST_MDEV_CMD_RAW, get_config),
	VHOST_MDEV_HANDLER(SET_CONFIG, VHOST_MDEV_CMD_RAW, set_config),
	VHOST_MDEV_VRING(SET_VRING_ENABLE, set_vring_enable),
	VHOST_MDEV_DEV(GET_VRING_NUM, get_vring_num),
	VHOST_MDEV_DEV(SET_CONFIG_CALL, set_config_call),
	VHOST_MDEV_DEV(GET_IOVA_RANGE, get_iova_range),
	VHOST_MDEV_DEV(GET_CONFIG_SIZE, get_config_size),
	VHOST_MDEV_DEV(GET_AS_NUM, get_as_num),
	VHOST_MDEV_VRING(GET_VRING_GROUP, get_vring_group),
	VHOST_MDEV_HANDLER(SET_GROUP_ASID, VHOST_MDEV_CMD_OWNER, set_group_asid),
	VHOST_MDEV_DEV(SUSPEND, suspend),
	VHOST_MDEV_DEV(RESUME, resume),
	VHOST_MDEV_VRING(GET_VRING_DESC_GROUP, get_vring_desc_group),
	VHOST_MDEV_DEV(GET_VQS_COUNT, get_vqs_count),
	VHOST_MDEV_DEV(GET_GROUP_NUM, get_group_num),
	VHOST_MDEV_VRING(GET_VRING_SIZE, get_vring_size),
	VHOST_MDEV_HANDLER(GET_STATE, VHOST_MDEV_CMD_RAW, get_state),
	VHOST_MDEV_DEV(SET_STATE, set_state),
};

static const struct vhost_mdev_handler *vhost_mdev_find_handler(unsigned int cmd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vhost_mdev_handlers); i++)
		if (vhost_mdev_handlers[i].cmd == cmd)
			return &vhost_mdev_handlers[i];
	return NULL;
}

static struct vhost_mdev_vq *vhost_mdev_find_vq(struct vhost_mdev *vd, u32 index)
{
	if (index >= vd->nvqs)
		return NULL;
	return &vd->vqs[array_index_nospec(index, vd->nvqs)];
}

static long vhost_mdev_do_ioctl(struct vhost_mdev *vd, unsigned int nr,
				void __user *argp)
{
	const struct vhost_mdev_handler *handler = vhost_mdev_find_handler(nr);
	struct vhost_mdev_cmd cmd = { .vd = vd, .argp = argp };
	int ret;

	lockdep_assert_held(&vd->session.lock);
	if (!handler)
		return -ENOTTY;
	/* As in vhost, virtqueues can be set up only once there is an owner. */
	if (handler->flags & VHOST_MDEV_CMD_OWNER && vd->path->as_vhost &&
	    !vd->owned)
		return -EPERM;
	if (handler->flags & VHOST_MDEV_CMD_RAW)
		return handler->handle(&cmd);

	if (_IOC_DIR(nr) & _IOC_WRITE &&
	    copy_from_user(&cmd.arg, argp, _IOC_SIZE(nr)))
		return -EFAULT;
	if (handler->flags & VHOST_MDEV_CMD_VQ) {
		cmd.vq = vhost_mdev_find_vq(vd, cmd.arg.index);
		if (!cmd.vq)
			return vd->path->as_vhost ? -ENOBUFS : -EINVAL;
	}
	ret = handler->handle(&cmd);
	if (ret)
		return ret;
	if (_IOC_DIR(nr) & _IOC_READ &&
	    copy_to_user(argp, &cmd.arg, _IOC_SIZE(nr)))
		return -EFAULT;
	return 0;
}

static bool vhost_mdev_is_present(struct vhost_mdev *vd)
{
	struct mdev_class_device *cdev = vd->session.cdev;

	return !cdev->ops->is_present || cdev->ops->is_present(cdev);
}

/**
 * vhost_mdev_ioctl() - a vhost ioctl of the device's user
 * @vd: the device, open
 * @cmd: the command
 * @arg: its argument
 *
 * Context: process context, called by the user.
 * Return: 0; -ENODEV for any command if the device is gone or was revoked; -EINTR
 * for a killed task; -ENOTTY for an unknown command; the errors of each command.
 */
long vhost_mdev_ioctl(struct vhost_mdev *vd, unsigned int cmd,
		      unsigned long arg)
{
	long ret;

	ret = mdev_session_lock(&vd->session);
	if (ret)
		return ret;
	ret = vhost_mdev_do_ioctl(vd, cmd, (void __user *)arg);
	/* Check presence last: values read from a removed device are garbage. */
	if (!vhost_mdev_is_present(vd))
		ret = -ENODEV;
	mdev_session_unlock(&vd->session);
	return ret;
}
