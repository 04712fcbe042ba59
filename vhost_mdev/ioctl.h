/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vhost ioctls: what a handler gets, and the handlers of all files.
 */
#ifndef _VHOST_MDEV_IOCTL_H
#define _VHOST_MDEV_IOCTL_H

#include <linux/types.h>
#include <linux/vhost_mdev.h>

struct vhost_mdev;
struct vhost_mdev_vq;

/*
 * The argument of a command, laid out as in the user's memory.  @index also
 * reads the index of each structure that has one, because it comes first there.
 */
union vhost_mdev_arg {
	struct vhost_mdev_vring_addr addr;
	struct vhost_mdev_vring_file file;
	struct vhost_mdev_vring_state state;
	struct vhost_mdev_iova_range range;
	u32 index;
	u64 features;
	u32 val;
	s32 fd;
	u16 num;
	u8 status;
};

/**
 * struct vhost_mdev_cmd - an ioctl that is being handled
 * @vd: the device, with its lock held
 * @vq: the virtqueue that the command is about, if it is about one
 * @argp: where the argument is
 * @arg: the argument, copied in before the handler if the command has input, and
 *	copied out after it if it has output and succeeds
 */
struct vhost_mdev_cmd {
	struct vhost_mdev *vd;
	struct vhost_mdev_vq *vq;
	void __user *argp;
	union vhost_mdev_arg arg;
};

/* features.c */
int vhost_mdev_get_features(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_features(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_backend_features(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_backend_features(struct vhost_mdev_cmd *cmd);

/* status.c */
int vhost_mdev_get_status(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_status(struct vhost_mdev_cmd *cmd);
int vhost_mdev_suspend(struct vhost_mdev_cmd *cmd);
int vhost_mdev_resume(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_owner(struct vhost_mdev_cmd *cmd);
int vhost_mdev_reset_owner(struct vhost_mdev_cmd *cmd);

/* config.c */
int vhost_mdev_get_config_size(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_config(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_config(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_config_call(struct vhost_mdev_cmd *cmd);

/* group.c */
int vhost_mdev_get_group_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_as_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_group(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_desc_group(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_group_asid(struct vhost_mdev_cmd *cmd);

/* vring.c */
int vhost_mdev_get_vqs_count(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_num(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_addr(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_base(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_base(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_enable(struct vhost_mdev_cmd *cmd);
int vhost_mdev_get_vring_size(struct vhost_mdev_cmd *cmd);

/* eventfd.c */
int vhost_mdev_set_vring_kick(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_call(struct vhost_mdev_cmd *cmd);
int vhost_mdev_set_vring_err(struct vhost_mdev_cmd *cmd);

#endif /* _VHOST_MDEV_IOCTL_H */
