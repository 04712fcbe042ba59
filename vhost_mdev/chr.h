/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The char device of an instance.
 */
#ifndef _VHOST_MDEV_CHR_H
#define _VHOST_MDEV_CHR_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/types.h>

#include "mem/iotlb.h"

struct mm_struct;
struct vhost_mdev;

/**
 * struct vhost_mdev_chr - an instance as a char device
 * @dev: the node; its reference count keeps the whole structure
 * @chardev: for open(), which may be called even after it was deleted
 * @vd: for the ioctls; a reference
 * @mm: the owner's memory, NULL if there is no owner; guarded, like what
 *	follows, by &mdev_session.lock
 * @in_batch: between BATCH_BEGIN and BATCH_END
 * @batch_asid: the address space of that batch
 * @nr_as: number of address spaces; constant
 * @as: address spaces
 */
struct vhost_mdev_chr {
	struct device dev;
	struct cdev chardev;
	struct vhost_mdev *vd;
	struct mm_struct *mm;
	bool in_batch;
	u32 batch_asid;
	u32 nr_as;
	struct vhost_mem_iotlb as[] __counted_by(nr_as);
};

int vhost_mdev_chr_init(void);
void vhost_mdev_chr_exit(void);
int vhost_mdev_chr_add(struct vhost_mdev *vd);
void vhost_mdev_chr_hide(struct vhost_mdev *vd);
void vhost_mdev_chr_del(struct vhost_mdev *vd);

#endif /* _VHOST_MDEV_CHR_H */
