/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Driver memory behind a VFIO container.
 */
#ifndef _VHOST_MDEV_MEM_VFIO_H
#define _VHOST_MDEV_MEM_VFIO_H

#include <linux/list.h>
#include <linux/mdev_mem.h>
#include <linux/srcu.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "mem_page.h"

/**
 * struct vhost_mem_vfio - the memory of a VFIO container
 * @mem: what the parent sees
 * @vdev: the device to pin by
 * @dev: the device in messages
 * @srcu: read sections of the parent
 * @pages: what is pinned for data, by page number; see vhost_mem_entry(), a dead
 *	page's value being the time stamp of its end.  The
 *	lock of this array guards all that follows, and is the only one that
 *	dma_unmap takes: nothing that can wait for an unmap is called under it.
 * @rings: struct vhost_mem_ring
 * @pins: struct vhost_mem_pin, of those who are pinning
 * @holds: struct vhost_mem_hold, of those who are unmapping
 * @copy_until: data is copied for so long, as a time stamp
 * @stamp: last time stamp given out, in nanoseconds and never twice
 * @open: a user has the device open
 * @limited: locked memory is exhausted, so data is copied until the next reset
 * @drained: woken when something was unpinned, a pin in flight is settled, or an
 *	unmap is over
 * @wq: this instance's own, so that no other user can stall it
 * @unpin: the one work on @wq, which unpins all that has ended
 */
struct vhost_mem_vfio {
	struct mdev_mem mem;
	struct vfio_device *vdev;
	struct device *dev;
	struct srcu_struct srcu;
	struct xarray pages;
	struct list_head rings;
	struct list_head pins;
	struct list_head holds;
	u64 copy_until;
	u64 stamp;
	bool open;
	bool limited;
	wait_queue_head_t drained;
	struct workqueue_struct *wq;
	struct work_struct unpin;
};

/* A page that is to be unpinned by the worker */
#define VHOST_MEM_DYING		XA_MARK_0

/**
 * struct vhost_mem_pin - somebody who is pinning
 * @node: in &vhost_mem_vfio.pins
 * @first: lowest address
 * @last: highest address
 * @died: time stamp of the unmap that came across, 0 for none
 */
struct vhost_mem_pin {
	struct list_head node;
	u64 first;
	u64 last;
	u64 died;
};

/**
 * struct vhost_mem_ring - the pins of a mapped ring piece
 * @node: in &vhost_mem_vfio.rings; only the worker takes it out
 * @map: the user of it, NULL if that is gone
 * @first: lowest address of the pages
 * @last: highest address of the pages
 * @died: time stamp of the end, 0 if alive
 * @vmapped: kernel mapping, NULL if the linear one does
 */
struct vhost_mem_ring {
	struct list_head node;
	struct mdev_ring_map *map;
	u64 first;
	u64 last;
	u64 died;
	void *vmapped;
};

#define to_vhost_mem_vfio(m) container_of(m, struct vhost_mem_vfio, mem)

static inline void vhost_mem_lock(struct vhost_mem_vfio *vm)
{
	xa_lock(&vm->pages);
}

static inline void vhost_mem_unlock(struct vhost_mem_vfio *vm)
{
	xa_unlock(&vm->pages);
}

static inline bool vhost_mem_overlap(u64 first, u64 last, u64 first2, u64 last2)
{
	return first <= last2 && first2 <= last;
}

static inline unsigned long
vhost_mem_ring_pages(const struct vhost_mem_ring *ring)
{
	return ((ring->last - ring->first) >> PAGE_SHIFT) + 1;
}

/* mem_vfio.c */
int vhost_mem_vfio_init(struct vhost_mem_vfio *vm, struct vfio_device *vdev,
			struct device *dev);
void vhost_mem_vfio_uninit(struct vhost_mem_vfio *vm);
int vhost_mem_vfio_open(struct vhost_mem_vfio *vm);
void vhost_mem_vfio_close(struct vhost_mem_vfio *vm);
void vhost_mem_vfio_drop(struct vhost_mem_vfio *vm);

/* mem_pin.c */
void vhost_mem_pin_begin(struct vhost_mem_vfio *vm, struct vhost_mem_pin *pin,
			 u64 first, u64 last);
void vhost_mem_pin_end(struct vhost_mem_vfio *vm, struct vhost_mem_pin *pin);
int vhost_mem_pin_range(struct vhost_mem_vfio *vm, u64 first,
			unsigned long npages, int prot, struct page **pages);
void vhost_mem_unpin_range(struct vhost_mem_vfio *vm, u64 first,
			   unsigned long npages);

/* mem_ring.c */
int vhost_mem_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map);
void vhost_mem_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map);

/* mem_hold.c */
unsigned int vhost_mem_hold(struct vhost_mem_vfio *vm, u64 first, u64 last);
bool vhost_mem_held(struct vhost_mem_vfio *vm, u64 first, u64 last);
int vhost_mem_hold_open(struct vhost_mem_vfio *vm);
void vhost_mem_hold_close(struct vhost_mem_vfio *vm);

/* mem_unmap.c */
u64 vhost_mem_stamp(struct vhost_mem_vfio *vm);
bool vhost_mem_may_pin(struct vhost_mem_vfio *vm, u64 first, u64 last);
void vhost_mem_kill_ring(struct vhost_mem_ring *ring, u64 stamp);
void vhost_mem_invalidate_rings(struct vhost_mem_vfio *vm, u64 stamp);
void vhost_mem_unpin_data(struct vhost_mem_vfio *vm, bool limited);
void vhost_mem_unpin_work(struct work_struct *work);
void vhost_mem_vfio_unmap(struct vhost_mem_vfio *vm, u64 iova, u64 len);

#endif /* _VHOST_MDEV_MEM_VFIO_H */
