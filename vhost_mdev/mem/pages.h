/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that messages map.
 */
#ifndef _VHOST_MDEV_MEM_PAGES_H
#define _VHOST_MDEV_MEM_PAGES_H

#include <linux/types.h>

struct mm_struct;
struct vhost_mem_iotlb;

int vhost_mem_pages_account(struct mm_struct *mm, unsigned long npages);
int vhost_mem_pages_fill(struct vhost_mem_iotlb *im, unsigned long *index,
			 unsigned long last, unsigned long uaddr,
			 unsigned int state);
bool vhost_mem_pages_kill(struct vhost_mem_iotlb *im, unsigned long first,
			  unsigned long last);
void vhost_mem_pages_reap(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			  unsigned long first, unsigned long last, bool dead);

#endif /* _VHOST_MDEV_MEM_PAGES_H */
