/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of pinned pages.
 */
#ifndef _MDEV_VFIO_RUN_H
#define _MDEV_VFIO_RUN_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mdev_vfio_mem;

/**
 * struct mdev_vfio_run - pages that were pinned by one call
 * @node: in one of the lists of &struct mdev_vfio_mem
 * @work: unpins the run, unless &mdev_vfio_mem.unpin does it
 * @vm: the memory
 * @first: lowest address
 * @last: highest address
 * @died: time stamp of its end, 0 if alive
 * @is_ring: it is in a struct mdev_vfio_ring
 * @read_only: the device does not write to it
 */
struct mdev_vfio_run {
	struct list_head node;
	struct work_struct work;
	struct mdev_vfio_mem *vm;
	u64 first;
	u64 last;
	u64 died;
	bool is_ring;
	bool read_only;
};

static inline unsigned long mdev_vfio_run_pages(const struct mdev_vfio_run *run)
{
	return ((run->last - run->first) >> PAGE_SHIFT) + 1;
}

void mdev_vfio_run_init(struct mdev_vfio_run *run, struct mdev_vfio_mem *vm,
			u64 first, u64 last, bool is_ring);
struct mdev_vfio_run *mdev_vfio_run_find(struct list_head *runs, u64 first,
					 u64 last);
bool mdev_vfio_run_next_written(struct mdev_vfio_mem *vm, u64 *first, u64 last,
				u64 *run_last);
void mdev_vfio_run_kill(struct mdev_vfio_run *run);
bool mdev_vfio_kill_data(struct mdev_vfio_mem *vm, u64 first, u64 last);
void mdev_vfio_kill_rings(struct mdev_vfio_mem *vm, u64 first, u64 last);
void mdev_vfio_unpin_work(struct work_struct *work);
void mdev_vfio_unpin_hurry(struct mdev_vfio_mem *vm);
bool mdev_vfio_drained(struct mdev_vfio_mem *vm, u64 first, u64 last);

#endif /* _MDEV_VFIO_RUN_H */
