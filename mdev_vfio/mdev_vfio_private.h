/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MDEV_VFIO_PRIVATE_H
#define _MDEV_VFIO_PRIVATE_H

#include <linux/list.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_page.h>
#include <linux/mdev_vfio.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/**
 * struct vhost_mem_run - pages that were pinned by one call
 * @node: in one of the lists of &struct vhost_mem_vfio
 * @work: unpins the run, if that is not left to &vhost_mem_vfio.unpin
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 * @died: time stamp of its end, 0 if alive
 * @is_ring: it is in a struct vhost_mem_ring
 */
struct vhost_mem_run {
	struct list_head node;
	struct work_struct work;
	struct vhost_mem_vfio *vm;
	u64 first;
	u64 last;
	u64 died;
	bool is_ring;
};

/**
 * struct vhost_mem_ring - a mapped ring piece
 * @run: its pages
 * @map: the user of it, NULL if that is gone
 * @vmapped: kernel mapping, NULL if the linear one does
 */
struct vhost_mem_ring {
	struct vhost_mem_run run;
	struct mdev_ring_map *map;
	void *vmapped;
};

/**
 * struct vhost_mem_pin - somebody who is pinning
 * @node: in &vhost_mem_vfio.pins
 * @first: lowest address
 * @last: highest address
 * @dead: an unmap came across, which waits for this to be undone
 */
struct vhost_mem_pin {
	struct list_head node;
	u64 first;
	u64 last;
	bool dead;
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

static inline unsigned long vhost_mem_run_pages(const struct vhost_mem_run *run)
{
	return ((run->last - run->first) >> PAGE_SHIFT) + 1;
}

static inline struct vhost_mem_ring *
vhost_mem_run_ring(struct vhost_mem_run *run)
{
	return run->is_ring ? container_of(run, struct vhost_mem_ring, run) :
			      NULL;
}

/* run.c */
void vhost_mem_run_init(struct vhost_mem_run *run, struct vhost_mem_vfio *vm,
			u64 first, u64 last, bool is_ring);
struct vhost_mem_run *vhost_mem_run_find(struct list_head *runs, u64 first,
					 u64 last);
void vhost_mem_run_kill(struct vhost_mem_run *run);
bool vhost_mem_kill_data(struct vhost_mem_vfio *vm, u64 first, u64 last);
void vhost_mem_kill_rings(struct vhost_mem_vfio *vm, u64 first, u64 last);
void vhost_mem_unpin_work(struct work_struct *work);
void vhost_mem_unpin_hurry(struct vhost_mem_vfio *vm);
bool vhost_mem_drained(struct vhost_mem_vfio *vm, u64 first, u64 last);

/* pin.c */
u64 vhost_mem_stamp(struct vhost_mem_vfio *vm);
void vhost_mem_pin_begin(struct vhost_mem_vfio *vm, struct vhost_mem_pin *pin,
			 u64 first, u64 last);
void vhost_mem_pin_end(struct vhost_mem_vfio *vm, struct vhost_mem_pin *pin);
void vhost_mem_kill_pins(struct vhost_mem_vfio *vm, u64 first, u64 last);
int vhost_mem_pin_pages(struct vhost_mem_vfio *vm,
			const struct vhost_mem_pin *pin, int prot,
			struct page **pages);
void vhost_mem_unpin_pages(struct vhost_mem_vfio *vm,
			   const struct vhost_mem_pin *pin);

/* data.c */
int vhost_mem_fault(struct mdev_mem *mem, u64 iova, unsigned int perm);
void vhost_mem_unpin_data(struct vhost_mem_vfio *vm, bool limited);

/* copy.c */
int vhost_mem_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len);
int vhost_mem_write(struct mdev_mem *mem, u64 iova, const void *buf,
		    size_t len);

/* ring.c */
int vhost_mem_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map);
void vhost_mem_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map);

/* hold.c */
#define VHOST_MEM_HOLD_ALL	4
unsigned int vhost_mem_hold(struct vhost_mem_vfio *vm, u64 first, u64 last);
bool vhost_mem_unmapped(struct vhost_mem_vfio *vm, u64 first, u64 last);
bool vhost_mem_held(struct vhost_mem_vfio *vm, u64 first, u64 last);
bool vhost_mem_hurried(struct vhost_mem_vfio *vm);
long vhost_mem_join(struct vhost_mem_vfio *vm, long timeout);
void vhost_mem_hold_close(struct vhost_mem_vfio *vm);

#endif /* _MDEV_VFIO_PRIVATE_H */
