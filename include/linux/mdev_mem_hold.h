/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holds: driver memory that a device has handed on to somebody else.
 */
#ifndef _LINUX_MDEV_MEM_HOLD_H
#define _LINUX_MDEV_MEM_HOLD_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <linux/mdev_mem.h>

struct device;
struct mdev_mem_hold_cpu;

/* ---- for parents ---- */

/**
 * mdev_mem_hold() - keep what is looked up in this section for longer
 * @mem: the driver's memory
 *
 * What is looked up between this call and the end of the section stays the driver's
 * memory until mdev_mem_release(), for I/O by somebody else.  If the driver takes it
 * away meanwhile that waits for the release, but not for ever: a page that is handed
 * on has a reference of its own besides, see mdev_mem_get_page().
 *
 * No hold outlasts the reset of the device: a parent that is reset returns when
 * mdev_mem_release() has returned for each hold.  If it cannot wait for I/O to end it
 * releases what it holds all the same, and keeps the references of the pages.  It waits
 * for I/O in direct memory, which has no references.
 *
 * Context: inside a read section, before the lookups.  Does not sleep.
 * Return: a token for mdev_mem_release().
 */
static inline int mdev_mem_hold(struct mdev_mem *mem)
{
	return mem->ops->hold ? mem->ops->hold(mem) : 0;
}

/**
 * mdev_mem_release() - undo mdev_mem_hold()
 * @mem: the driver's memory
 * @token: what mdev_mem_hold() returned
 *
 * Context: any but an NMI, in or out of a section, also another context than that which
 * holds.  What the device has written is there before this.
 */
static inline void mdev_mem_release(struct mdev_mem *mem, int token)
{
	if (mem->ops->release)
		mem->ops->release(mem, token);
}

/**
 * mdev_mem_get_page() - the page of a held address, to be handed on
 * @mem: the driver's memory, held
 * @p: what mdev_mem_lookup() found
 *
 * Pages of the kernel's own drivers are theirs until the device gives the chain back,
 * and may have no count of references (those of a slab).
 *
 * Context: in the section of the lookup.
 * Return: the page that @p is in, for mdev_mem_put_page().
 */
static inline struct page *mdev_mem_get_page(const struct mdev_mem *mem, void *p)
{
	struct page *page = virt_to_page(p);

	/* Pairs with put_page() in mdev_mem_put_page() */
	if (mem->ops->hold)
		get_page(page);
	return page;
}

/**
 * mdev_mem_put_page() - undo mdev_mem_get_page()
 * @mem: the driver's memory; NULL after a reset, when there may be no such memory any
 *	more, because there are no pages of direct memory then
 * @page: the page, which nobody else uses any more
 *
 * For a page that the device only read.
 *
 * Context: any but an NMI.
 */
static inline void mdev_mem_put_page(const struct mdev_mem *mem,
				     struct page *page)
{
	if (!mem || mem->ops->hold)
		put_page(page);
}

/**
 * mdev_mem_put_written_page() - undo mdev_mem_get_page() after the page was written to
 * @mem: as for mdev_mem_put_page()
 * @page: the page, which nobody else uses any more
 *
 * If the driver took the page away, it was marked as dirty then and may have been
 * written back since, so that what the device wrote later would be lost with it.
 *
 * Context: process context, outside of any read section; sleeps.
 */
static inline void mdev_mem_put_written_page(const struct mdev_mem *mem,
					     struct page *page)
{
	if (mem && !mem->ops->hold)
		return;
	if (!PageDirty(page))
		set_page_dirty_lock(page);
	put_page(page);
}

/* ---- for memories ---- */

#define MDEV_MEM_HOLD_SLOTS	4
#define MDEV_MEM_HOLD_ALL_SLOTS	(BIT(MDEV_MEM_HOLD_SLOTS) - 1)

/**
 * struct mdev_mem_holds - what is held of a memory
 * @dev: the device in messages
 * @cpus: counters
 * @used: something has been held at some time, so the counters are worth a look.  Set
 *	in a read section; read by those that have waited for it.
 * @slot: in which holds count that begin; written with @lock held, read in sections
 * @lock: guards @slot against other writers, and @given_up.  One waits for holds at a
 *	time.
 * @given_up: slots that are not waited for again before they were empty
 * @released: woken when a counter becomes 0
 *
 * Embedded by the class driver into its kind of memory.
 */
struct mdev_mem_holds {
	struct device *dev;
	struct mdev_mem_hold_cpu __percpu *cpus;
	bool used;
	unsigned int slot;
	struct mutex lock;	/* guards slot and given_up, see above */
	unsigned long given_up;
	wait_queue_head_t released;
};

int mdev_mem_holds_init(struct mdev_mem_holds *holds, struct device *dev);
void mdev_mem_holds_uninit(struct mdev_mem_holds *holds);
bool mdev_mem_holds_active(const struct mdev_mem_holds *holds);
int mdev_mem_holds_begin(struct mdev_mem_holds *holds);
void mdev_mem_holds_end(struct mdev_mem_holds *holds, int token);
void mdev_mem_holds_sync(struct mdev_mem_holds *holds, struct srcu_struct *srcu);
int mdev_mem_holds_drain(struct mdev_mem_holds *holds, struct srcu_struct *srcu);

#endif /* _LINUX_MDEV_MEM_HOLD_H */
