/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtqueues in memory that messages map.
 */
#ifndef _VHOST_MDEV_MEM_RING_H
#define _VHOST_MDEV_MEM_RING_H

#include <linux/types.h>

struct mdev_mem;
struct mdev_ring_map;
struct vhost_mem_iotlb;

int vhost_mem_ring_map(struct mdev_mem *mem, struct mdev_ring_map *map);
void vhost_mem_ring_unmap(struct mdev_mem *mem, struct mdev_ring_map *map);
bool vhost_mem_rings_kill(struct vhost_mem_iotlb *im, unsigned long first,
			  unsigned long last);
void vhost_mem_rings_vunmap(struct vhost_mem_iotlb *im);

#endif /* _VHOST_MDEV_MEM_RING_H */
