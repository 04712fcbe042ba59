/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Driver memory that the user maps page by page, with IOTLB messages.
 */
#ifndef _VHOST_MDEV_MEM_IOTLB_H
#define _VHOST_MDEV_MEM_IOTLB_H

#include <linux/list.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_mem_hold.h>
#include <linux/mdev_page.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct device;
struct mm_struct;
struct seq_file;
struct vhost_mem_domain;

/**
 * struct vhost_mem_iotlb - an address space that messages fill
 * @mem: what the parent sees
 * @dev: the device in messages
 * @domain: the IOMMU domain of a device that reaches memory by itself; the parent
 *	makes no lookups then.  NULL if it does.  Constant while there is a user.
 * @srcu: read sections of the parent
 * @holds: pages that the parent has handed on
 * @lock: guards what follows, against another writer: lookups take no lock.
 *	Inner to &mdev_session.lock, outer to the mmap lock and to that of @pages.
 * @pages: what is mapped, by page number, see mdev_page_entry(); a dead page's
 *	value is that of its former entry
 * @nr_pages: how many are pinned, dead ones among them.  Written under the lock.
 * @rings: struct vhost_mem_ring
 * @nr_rings: how many.  Written under the lock.
 * @dying: there are dead entries, marked MDEV_PAGE_DYING, or dead rings
 *	that have a kernel mapping
 */
struct vhost_mem_iotlb {
	struct mdev_mem mem;
	struct device *dev;
	struct vhost_mem_domain *domain;
	struct srcu_struct srcu;
	struct mdev_mem_holds holds;
	struct mutex lock;	/* guards what follows, see above */
	struct xarray pages;
	unsigned long nr_pages;
	struct list_head rings;
	unsigned int nr_rings;
	bool dying;
};

#define to_vhost_mem_iotlb(m) container_of(m, struct vhost_mem_iotlb, mem)

int vhost_mem_iotlb_init(struct vhost_mem_iotlb *im, struct device *dev);
void vhost_mem_iotlb_uninit(struct vhost_mem_iotlb *im);
int vhost_mem_iotlb_map(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			u64 iova, u64 size, u64 uaddr, unsigned int perm,
			bool live);
int vhost_mem_iotlb_unmap(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			  u64 iova, u64 size, bool live, bool later);
void vhost_mem_iotlb_settle(struct vhost_mem_iotlb *im, struct mm_struct *mm);
void vhost_mem_iotlb_clear(struct vhost_mem_iotlb *im, struct mm_struct *mm);
void vhost_mem_iotlb_show(struct vhost_mem_iotlb *im, struct seq_file *m);

#endif /* _VHOST_MDEV_MEM_IOTLB_H */
