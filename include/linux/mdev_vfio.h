/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What class drivers that make VFIO devices share: driver memory behind a VFIO
 * container or an iommufd.
 */
#ifndef _LINUX_MDEV_VFIO_H
#define _LINUX_MDEV_VFIO_H

#include <linux/list.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_mem_hold.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct device;
struct mdev_vfio_log;
struct module;
struct seq_file;
struct vfio_device;

/**
 * DOC: words
 *
 * A *page* is identified by its I/O virtual address (IOVA).  A *run* is what one
 * vfio_pin_pages() pinned, up to 512 pages next to each other; it is unpinned by
 * one vfio_unpin_pages(), as a whole.  A *ring* is a run that holds a piece of a
 * virtqueue; all other runs hold data.  A *pin* is a task that is making a run, or
 * that pins a page only while it copies to or from it.  A *hold* is a range in
 * which nothing may be pinned, because a task is unmapping it.  What parents hold by
 * mdev_mem_hold() is called *lent* here.  Ranges have an inclusive @last.
 */

#define MDEV_VFIO_SHORTS	8

/* Reasons to copy data: the class driver asks for it; there is a log of DMA */
#define MDEV_VFIO_COPY_MIGRATION	0x1
#define MDEV_VFIO_COPY_LOG		0x2

/**
 * struct mdev_vfio_short - a block that could not be pinned as a whole
 * @block: its address, plus 1 so that 0 is none
 * @order: how much of it could be pinned at once, as a power of two
 */
struct mdev_vfio_short {
	u64 block;
	unsigned int order;
};

/**
 * struct mdev_vfio_mem - the memory of a VFIO container
 * @mem: what the parent sees
 * @vdev: the device to pin through
 * @dev: the device to name in messages
 * @owner: the module that @vdev belongs to
 * @srcu: read sections of the parent
 * @lent: pages that the parent has handed on, and holds
 * @pages: the pages of all live data runs, by page number; see
 *	mdev_page_entry().  The lock of this array guards all that follows, and is
 *	the only one that dma_unmap takes: nothing that can wait for an unmap is
 *	called under it.
 * @runs: live data runs, the oldest first
 * @rings: live rings
 * @dying: runs that have ended, the oldest first, and that readers, or those whom
 *	pages were lent to, may still use
 * @ready: runs that no reader uses, to be unpinned
 * @busy: runs that a work is unpinning
 * @nr_runs: data runs in any of these lists
 * @pins: struct mdev_vfio_pin, one for each task that is pinning
 * @holds: struct mdev_vfio_hold, one for each task that is unmapping
 * @copy_why: MDEV_VFIO_COPY_*: data is copied and not pinned, because somebody wants to
 *	know which pages the device writes.  May be read without the lock where an
 *	outdated answer does no harm.
 * @log_lock: guards @log and what it points to.  Memory is allocated under it, and
 *	nothing else is waited for.
 * @log: pages that the device has written to, or NULL if nobody asks for them
 * @copy_until: time stamp until which data is copied and not pinned
 * @evicted: time stamp of the last run that had to make room for another
 * @stamp: last time stamp given out, in nanoseconds; each is given out once
 * @open: a user has the device open
 * @iommufd: the memory is that of an iommufd, and not of a container
 * @killable: only a fatal signal ends a wait of the user's.  For a virtual machine,
 *	whose CPUs get signals all the time, and which cannot repeat what it does to a
 *	register.  Set by the class driver when it is opened.
 * @joined: something may have been pinned since it was opened
 * @joined_at: number of the last unmapper that had begun when @joined was set
 * @single: locked memory was exhausted, so pages are pinned one by one
 * @limited: it was exhausted again, so data is copied until the next reset
 * @shorts: aligned blocks that could not be pinned as a whole, to be found by their
 *	number
 * @drained: woken when a run was unpinned, or a pin or a hold has ended
 * @wq: this instance's own, so that no other user can stall it
 * @unpin: the work on @wq that finds out which runs are ready, and unpins them
 *	one after the other unless an unmap is in a hurry
 */
struct mdev_vfio_mem {
	struct mdev_mem mem;
	struct vfio_device *vdev;
	struct device *dev;
	struct module *owner;
	struct srcu_struct srcu;
	struct mdev_mem_holds lent;
	struct xarray pages;
	struct list_head runs;
	struct list_head rings;
	struct list_head dying;
	struct list_head ready;
	struct list_head busy;
	unsigned int nr_runs;
	struct list_head pins;
	struct list_head holds;
	unsigned int copy_why;
	struct mutex log_lock;	/* guards log, see above */
	struct mdev_vfio_log *log;
	u64 copy_until;
	u64 evicted;
	u64 stamp;
	bool open;
	bool iommufd;
	bool killable;
	bool joined;
	u64 joined_at;
	bool single;
	bool limited;
	struct mdev_vfio_short shorts[MDEV_VFIO_SHORTS];
	wait_queue_head_t drained;
	struct workqueue_struct *wq;
	struct work_struct unpin;
};

int mdev_vfio_mem_init(struct mdev_vfio_mem *vm, struct vfio_device *vdev,
		       struct device *dev, struct module *owner);
void mdev_vfio_mem_uninit(struct mdev_vfio_mem *vm);
void mdev_vfio_mem_open(struct mdev_vfio_mem *vm);
void mdev_vfio_mem_close(struct mdev_vfio_mem *vm);
void mdev_vfio_mem_drop(struct mdev_vfio_mem *vm);
int mdev_vfio_mem_copy_begin(struct mdev_vfio_mem *vm, unsigned int why);
void mdev_vfio_mem_copy_end(struct mdev_vfio_mem *vm, unsigned int why);
void mdev_vfio_mem_show(struct mdev_vfio_mem *vm, struct seq_file *m);
void mdev_vfio_mem_unmap(struct mdev_vfio_mem *vm, u64 iova, u64 len);

#endif /* _LINUX_MDEV_VFIO_H */
