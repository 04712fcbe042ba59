/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a container: what all of its parts use.
 */
#ifndef _MDEV_VFIO_MEM_H
#define _MDEV_VFIO_MEM_H

#include <linux/mdev_mem.h>
#include <linux/mdev_page.h>
#include <linux/mdev_vfio.h>
#include <linux/xarray.h>

#define to_mdev_vfio_mem(m) container_of(m, struct mdev_vfio_mem, mem)

static inline void mdev_vfio_lock(struct mdev_vfio_mem *vm)
{
	xa_lock(&vm->pages);
}

static inline void mdev_vfio_unlock(struct mdev_vfio_mem *vm)
{
	xa_unlock(&vm->pages);
}

static inline bool mdev_vfio_overlap(u64 first, u64 last, u64 first2, u64 last2)
{
	return first <= last2 && first2 <= last;
}

#endif /* _MDEV_VFIO_MEM_H */
