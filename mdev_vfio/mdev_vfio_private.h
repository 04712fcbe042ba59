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
 * struct mdev_vfio_run - pages that were pinned by one call
 * @node: in one of the lists of &struct mdev_vfio_mem
 * @work: unpins the run, if that is not left to &mdev_vfio_mem.unpin
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 * @died: time stamp of its end, 0 if alive
 * @is_ring: it is in a struct mdev_vfio_ring
 */
struct mdev_vfio_run {
	struct list_head node;
	struct work_struct work;
	struct mdev_vfio_mem *vm;
	u64 first;
	u64 last;
	u64 died;
	bool is_ring;
};

/**
 * struct mdev_vfio_ring - a mapped ring piece
 * @run: its pages
 * @map: the user of it, NULL if that is gone
 * @vmapped: kernel mapping, NULL if the linear one does
 */
struct mdev_vfio_ring {
	struct mdev_vfio_run run;
	struct mdev_ring_map *map;
	void *vmapped;
};

/**
 * struct mdev_vfio_pin - somebody who is pinning
 * @node: in &mdev_vfio_mem.pins
 * @first: lowest address
 * @last: highest address
 * @dead: an unmap came across, which waits for this to be undone
 */
struct mdev_vfio_pin {
	struct list_head node;
	u64 first;
	u64 last;
	bool dead;
};

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

static inline unsigned long mdev_vfio_run_pages(const struct mdev_vfio_run *run)
{
	return ((run->last - run->first) >> PAGE_SHIFT) + 1;
}

static inline struct mdev_vfio_ring *
mdev_vfio_run_ring(struct mdev_vfio_run *run)
{
	return run->is_ring ? container_of(run, struct mdev_vfio_ring, run) :
			      NULL;
}

/* run.c */
void mdev_vfio_run_init(struct mdev_vfio_run *run, struct mdev_vfio_mem *vm,
			u64 first, u64 last, bool is_ring);
struct mdev_vfio_run *mdev_vfio_run_find(struct list_head *runs, u64 first,
					 u64 last);
void mdev_vfio_run_kill(struct mdev_vfio_run *run);
bool mdev_vfio_kill_data(struct mdev_vfio_mem *vm, u64 first, u64 last);
void mdev_vfio_kill_rings(struct mdev_vfio_mem *vm, u64 first, u64 last);
void mdev_vfio_unpin_work(struct work_struct *work);
void mdev_vfio_unpin_hurry(struct mdev_vfio_mem *vm);
bool mdev_vfio_drained(struct mdev_vfio_mem *vm, u64 first, u64 last);

/* pin.c */
u64 mdev_vfio_stamp(struct mdev_vfio_mem *vm);
void mdev_vfio_pin_begin(struct mdev_vfio_mem *vm, struct mdev_vfio_pin *pin,
			 u64 first, u64 last);
void mdev_vfio_pin_end(struct mdev_vfio_mem *vm, struct mdev_vfio_pin *pin);
void mdev_vfio_kill_pins(struct mdev_vfio_mem *vm, u64 first, u64 last);
int mdev_vfio_pin_pages(struct mdev_vfio_mem *vm,
			const struct mdev_vfio_pin *pin, int prot,
			struct page **pages);
void mdev_vfio_unpin_pages(struct mdev_vfio_mem *vm,
			   const struct mdev_vfio_pin *pin);

/* data.c */
int mdev_vfio_fault(struct mdev_mem *mem, u64 iova, unsigned int perm);
void mdev_vfio_unpin_data(struct mdev_vfio_mem *vm, bool limited);

/* copy.c */
int mdev_vfio_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len);
int mdev_vfio_write(struct mdev_mem *mem, u64 iova, const void *buf,
		    size_t len);

/* ring.c */
int mdev_vfio_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map);
void mdev_vfio_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map);

/* hold.c */
#define MDEV_VFIO_HOLD_ALL	4
unsigned int mdev_vfio_hold(struct mdev_vfio_mem *vm, u64 first, u64 last);
bool mdev_vfio_unmapped(struct mdev_vfio_mem *vm, u64 first, u64 last);
bool mdev_vfio_held(struct mdev_vfio_mem *vm, u64 first, u64 last);
bool mdev_vfio_hurried(struct mdev_vfio_mem *vm);
long mdev_vfio_join(struct mdev_vfio_mem *vm, long timeout);
void mdev_vfio_hold_close(struct mdev_vfio_mem *vm);

#endif /* _MDEV_VFIO_PRIVATE_H */
