/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtqueues, which are mapped whole.
 */
#ifndef _MDEV_VFIO_RING_H
#define _MDEV_VFIO_RING_H

#include <linux/container_of.h>

#include "run.h"

struct mdev_mem;
struct mdev_ring_map;

/**
 * struct mdev_vfio_ring - a mapped ring piece
 * @run: its pages
 * @map: the user of it, NULL if that is gone
 * @vmapped: kernel mapping, NULL if the linear mapping is used
 */
struct mdev_vfio_ring {
	struct mdev_vfio_run run;
	struct mdev_ring_map *map;
	void *vmapped;
};

static inline struct mdev_vfio_ring *
mdev_vfio_run_ring(struct mdev_vfio_run *run)
{
	return run->is_ring ? container_of(run, struct mdev_vfio_ring, run) :
			      NULL;
}

int mdev_vfio_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map);
void mdev_vfio_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map);

#endif /* _MDEV_VFIO_RING_H */
