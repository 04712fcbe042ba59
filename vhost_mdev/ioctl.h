/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vhost ioctls, and what a handler of one gets.
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
	struct vhost_mdev_state blob;
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

long vhost_mdev_ioctl(struct vhost_mdev *vd, unsigned int cmd,
		      unsigned long arg);

#endif /* _VHOST_MDEV_IOCTL_H */
