/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doorbells that a user maps, to kick a virtqueue without a system call.
 */
#ifndef _LINUX_MDEV_DOORBELL_H
#define _LINUX_MDEV_DOORBELL_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct mdev_class_device;
struct vm_area_struct;

/**
 * struct mdev_doorbells - the doorbells of a device that are mapped
 * @lock: guards what follows.  Taken inside the mmap lock.
 * @maps: struct mdev_doorbell_map, mappings that have a page
 * @revoked: no mapping gets a page any more
 *
 * Only some kernels have an address space for each VFIO device, in which mappings
 * could be found, so they are listed here.
 */
struct mdev_doorbells {
	struct mutex lock;	/* guards what follows, see above */
	struct list_head maps;
	bool revoked;
};

/**
 * struct mdev_doorbell - the doorbell of a virtqueue
 * @all: those of the device; constant
 * @addr: physical address of the page to be mapped, PHYS_ADDR_MAX if none;
 *	constant while the device is open
 */
struct mdev_doorbell {
	struct mdev_doorbells *all;
	phys_addr_t addr;
};

void mdev_doorbells_init(struct mdev_doorbells *all);
void mdev_doorbells_uninit(struct mdev_doorbells *all);
void mdev_doorbells_revoke(struct mdev_doorbells *all);
phys_addr_t mdev_doorbell_addr(struct mdev_class_device *cdev, u16 index);
int mdev_doorbell_mmap(struct mdev_doorbell *doorbell,
		       struct vm_area_struct *vma, vm_flags_t allowed);

#endif /* _LINUX_MDEV_DOORBELL_H */
