// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: sectors in RAM.
 *
 * A page exists from the first write to it until it is discarded; where there is
 * none, zeroes are read.  A table has a pointer for each page: sectors are read
 * at random, and a tree would cost more than it saves.  Pages, and a table that
 * becomes too small, are looked up under RCU and freed after a grace period.
 * Code that needs a page for longer takes a reference.
 *
 * A page is charged to the program that wrote to it first, for as long as the
 * device keeps it, like a page of a file in tmpfs.
 */

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "mvblk.h"

/*
 * Pages that are reserved by all instances together.  They are counted when an
 * instance gets its size, and not when they are written to, so that no driver can
 * use up what was promised to another one.
 */
static atomic64_t mvblk_ram_reserved = ATOMIC64_INIT(0);

/*
 * Tasks that wait for dropped pages of any instance to be free.  It is global,
 * because the instance of a page may be gone once the page is not counted any more.
 */
static DECLARE_WAIT_QUEUE_HEAD(mvblk_ram_freed);

/*
 * How long to wait for that at a time.  It takes a grace period, which may last
 * longer; then the request is repeated from the start.
 */
#define MVBLK_RAM_WAIT		(HZ / 10)

static u64 mvblk_ram_max(void)
{
	unsigned long limit = READ_ONCE(mvblk_ram_limit);

	if (!limit)
		return totalram_pages() / 2;
	return (u64)limit << (20 - PAGE_SHIFT);
}

/* A dropped page has no readers any more: free it, and stop counting it. */
static void mvblk_ram_free_rcu(struct rcu_head *head)
{
	struct page *page = container_of(head, struct page, rcu_head);
	struct mvblk *blk = (struct mvblk *)page_private(page);

	put_page(page);
	atomic_long_dec(&blk->nr_pages);
	/* Nearly always nobody waits. */
	if (wq_has_sleeper(&mvblk_ram_freed))
		wake_up_all(&mvblk_ram_freed);
}

/* Requests were checked before, so the limit is only against speculation. */
static struct page __rcu **mvblk_ram_slot(struct mvblk_pages *pages, u64 index)
{
	return &pages->page[array_index_nospec(index, pages->nr)];
}

/* The page at @index, if there is one.  Under rcu_read_lock(). */
static struct page *mvblk_ram_page(const struct mvblk *blk, u64 index)
{
	return rcu_dereference(*mvblk_ram_slot(rcu_dereference(blk->pages),
					       index));
}

/* The same for a writer, with &mvblk.pages_lock held */
static struct page __rcu **mvblk_ram_slot_locked(struct mvblk *blk, u64 index)
{
	struct mvblk_pages *pages;

	pages = rcu_dereference_protected(blk->pages,
					  lockdep_is_held(&blk->pages_lock));
	return mvblk_ram_slot(pages, index);
}

/* Drop a page, if there is one. */
static void mvblk_ram_drop(struct mvblk *blk, u64 index)
{
	struct page *page;

	/* Mostly there is none. */
	rcu_read_lock();
	page = mvblk_ram_page(blk, index);
	rcu_read_unlock();
	if (!page)
		return;

	spin_lock_bh(&blk->pages_lock);
	page = rcu_replace_pointer(*mvblk_ram_slot_locked(blk, index), NULL,
				   lockdep_is_held(&blk->pages_lock));
	spin_unlock_bh(&blk->pages_lock);
	if (page)
		call_rcu(&page->rcu_head, mvblk_ram_free_rcu);
}

/*
 * The most pages that the instance may have: those of its size, and one more for
 * each queue, which may add a page just to find that another queue was faster.
 */
static unsigned long mvblk_ram_limit_of(const struct mvblk *blk)
{
	return READ_ONCE(blk->reserved) + blk->soft.nr_vqs;
}

/*
 * Count one more page.  Returns false if the instance has as many as it may have,
 * which means that some were dropped and are not free yet.
 */
static bool mvblk_ram_charge(struct mvblk *blk)
{
	if (atomic_long_inc_return(&blk->nr_pages) <= mvblk_ram_limit_of(blk))
		return true;
	atomic_long_dec(&blk->nr_pages);
	return false;
}

/*
 * Wait for dropped pages to be free, unless another queue takes them.  A driver
 * can make this happen again and again, so it does not call rcu_barrier(), which
 * takes a lock that all of the kernel uses, and interrupts all CPUs.
 */
static void mvblk_ram_wait(struct mvblk *blk)
{
	wait_event_killable_timeout(mvblk_ram_freed,
				    atomic_long_read(&blk->nr_pages) <
				    mvblk_ram_limit_of(blk),
				    MVBLK_RAM_WAIT);
}

/* A page at @index with a reference for the caller; -ENOMEM; -EDQUOT, see above. */
static struct page *mvblk_ram_add(struct mvblk *blk, u64 index, gfp_t gfp)
{
	struct page *page, *old;
	struct page __rcu **slot;

	if (!mvblk_ram_charge(blk))
		return ERR_PTR(-EDQUOT);
	page = alloc_page(gfp | __GFP_ZERO);
	if (!page) {
		atomic_long_dec(&blk->nr_pages);
		return ERR_PTR(-ENOMEM);
	}
	set_page_private(page, (unsigned long)blk);

	spin_lock_bh(&blk->pages_lock);
	slot = mvblk_ram_slot_locked(blk, index);
	old = rcu_dereference_protected(*slot,
					lockdep_is_held(&blk->pages_lock));
	if (!old)
		rcu_assign_pointer(*slot, page);
	/* The other reference is that of the table. */
	get_page(old ?: page);
	spin_unlock_bh(&blk->pages_lock);

	/* Another queue may have added the page first. */
	if (old) {
		put_page(page);
		atomic_long_dec(&blk->nr_pages);
	}
	return old ?: page;
}

/*
 * In a section: make a page for @index, where there was none.  On success
 * @result has a reference.
 */
static int mvblk_ram_make(struct mvblk_queue *q, u64 index,
			  struct page **result)
{
	gfp_t account = mdev_mem_gfp(mdev_vq_mem(q->vq)) & __GFP_ACCOUNT;
	struct mvblk *blk = q->blk;
	struct page *page;
	int ret;

	/*
	 * A kick may come from a task that is freeing memory, and that may use
	 * the last reserves.  These are for freeing more, and not for our pages.
	 */
	page = mvblk_ram_add(blk, index, GFP_NOWAIT | __GFP_NOWARN |
					 __GFP_NOMEMALLOC | account);
	if (IS_ERR(page) && q->atomic)
		return -EAGAIN;
	if (IS_ERR(page)) {
		mdev_vq_section_leave(&q->section);
		if (PTR_ERR(page) == -EDQUOT)
			mvblk_ram_wait(blk);
		/*
		 * Freeing memory for this page must not write to disks, because
		 * that may mean to us.  A program at its limit gets an error, and
		 * is not killed.
		 */
		page = mvblk_ram_add(blk, index, GFP_NOIO | __GFP_NOWARN |
						 __GFP_RETRY_MAYFAIL | account);
		ret = mdev_vq_section_enter(&q->section);
		if (ret) {
			if (!IS_ERR(page))
				put_page(page);
			return ret;
		}
	}
	/* No page is free yet, or another queue took it. */
	if (page == ERR_PTR(-EDQUOT))
		return -EAGAIN;
	if (IS_ERR(page)) {
		dev_err_ratelimited(&blk->soft.cdev->dev,
				    "no memory for a page that is written to\n");
		return -EIO;
	}
	*result = page;
	return 0;
}

/*
 * In a section, between two pages: give others their turn.  Returns -EPROTO if the
 * queue broke, -EAGAIN if it is being stopped.
 */
static int mvblk_ram_breathe(struct mvblk_queue *q)
{
	int ret;

	mdev_vq_section_leave(&q->section);
	if (!q->atomic)
		cond_resched();
	ret = mdev_vq_section_enter(&q->section);
	if (ret)
		return ret;
	return mdev_vq_is_live(q->vq) ? 0 : -EAGAIN;
}

/* In a section: read up to the end of a page. */
static int mvblk_ram_read_page(struct mvblk_queue *q, struct mdev_vq_iter *dst,
			       u64 pos, size_t len)
{
	struct page *page;
	size_t done;
	void *from;
	int ret;

	rcu_read_lock();
	page = mvblk_ram_page(q->blk, pos >> PAGE_SHIFT);
	from = page_address(page ?: ZERO_PAGE(0)) + offset_in_page(pos);
	done = mdev_vq_copy_to(mdev_vq_mem(q->vq), dst, from, len);
	if (likely(done == len)) {
		rcu_read_unlock();
		return 0;
	}

	/* The rest may sleep. */
	if (page)
		get_page(page);
	rcu_read_unlock();
	ret = mdev_vq_section_write(&q->section, dst, from + done, len - done);
	if (page)
		put_page(page);
	return ret;
}

/* In a section: write up to the end of a page. */
static int mvblk_ram_write_page(struct mvblk_queue *q,
				struct mdev_vq_iter *src, u64 pos, size_t len)
{
	struct page *page;
	size_t done = 0;
	void *to;
	int ret;

	rcu_read_lock();
	page = mvblk_ram_page(q->blk, pos >> PAGE_SHIFT);
	if (likely(page)) {
		to = page_address(page) + offset_in_page(pos);
		done = mdev_vq_copy_from(mdev_vq_mem(q->vq), src, to, len);
		if (likely(done == len)) {
			rcu_read_unlock();
			return 0;
		}
		/* The rest may sleep. */
		get_page(page);
	}
	rcu_read_unlock();

	if (!page) {
		ret = mvblk_ram_make(q, pos >> PAGE_SHIFT, &page);
		if (ret)
			return ret;
	}
	to = page_address(page) + offset_in_page(pos);
	ret = mdev_vq_section_read(&q->section, src, to + done, len - done);
	put_page(page);
	return ret;
}

/* In a section: page by page. */
static __always_inline int mvblk_ram_pages(struct mvblk_queue *q,
					   struct mdev_vq_iter *iter, u64 pos,
					   u32 len, bool write)
{
	u32 in_section = 0;
	size_t n;
	int ret;

	for (;;) {
		n = min_t(size_t, len, PAGE_SIZE - offset_in_page(pos));
		if (write)
			ret = mvblk_ram_write_page(q, iter, pos, n);
		else
			ret = mvblk_ram_read_page(q, iter, pos, n);
		if (ret)
			return ret;
		pos += n;
		len -= n;
		if (!len)
			return 0;

		in_section += n;
		if (in_section >= MVBLK_SECTION_BYTES) {
			in_section = 0;
			ret = mvblk_ram_breathe(q);
			if (ret)
				return ret;
		}
	}
}

static int mvblk_ram_read(struct mvblk_queue *q, struct mdev_vq_iter *dst,
			  u64 pos, u32 len)
{
	return mvblk_ram_pages(q, dst, pos, len, false);
}

static int mvblk_ram_write(struct mvblk_queue *q, struct mdev_vq_iter *src,
			   u64 pos, u32 len)
{
	return mvblk_ram_pages(q, src, pos, len, true);
}

/* Write zeroes within a page, unless there is no page. */
static void mvblk_ram_clear(struct mvblk *blk, u64 pos, size_t len)
{
	struct page *page;

	rcu_read_lock();
	page = mvblk_ram_page(blk, pos >> PAGE_SHIFT);
	if (page)
		memset(page_address(page) + offset_in_page(pos), 0, len);
	rcu_read_unlock();
}

static int mvblk_ram_zero(struct mvblk_queue *q, u64 pos, u64 len, bool unmap)
{
	struct mvblk *blk = q->blk;
	u64 end = pos + len, head = min(round_up(pos, (u64)PAGE_SIZE), end);
	u64 index;

	/* The parts that are not whole pages */
	if (head > pos)
		mvblk_ram_clear(blk, pos, head - pos);
	if (head < end && offset_in_page(end))
		mvblk_ram_clear(blk, end - offset_in_page(end),
				offset_in_page(end));

	for (index = head >> PAGE_SHIFT; index < end >> PAGE_SHIFT; index++) {
		if (unmap)
			mvblk_ram_drop(blk, index);
		else
			mvblk_ram_clear(blk, index << PAGE_SHIFT, PAGE_SIZE);
		cond_resched();
		/* Whoever stops the queue does not wait for the end. */
		if (!mdev_vq_is_live(q->vq))
			return -EAGAIN;
	}
	return 0;
}

static int mvblk_ram_discard(struct mvblk_queue *q, u64 pos, u64 len)
{
	return mvblk_ram_zero(q, pos, len, true);
}

const struct mvblk_store_ops mvblk_ram_ops = {
	.read = mvblk_ram_read,
	.write = mvblk_ram_write,
	.discard = mvblk_ram_discard,
	.zero = mvblk_ram_zero,
	.atomic = true,
};

static int mvblk_ram_reserve(struct mvblk *blk, u64 pages)
{
	u64 all, max = mvblk_ram_max();

	if (pages <= blk->reserved) {
		atomic64_sub(blk->reserved - pages, &mvblk_ram_reserved);
		WRITE_ONCE(blk->reserved, pages);
		return 0;
	}

	pages -= blk->reserved;
	all = atomic64_add_return(pages, &mvblk_ram_reserved);
	if (pages > max || all > max) {
		atomic64_sub(pages, &mvblk_ram_reserved);
		mdev_class_error(blk->soft.cdev,
				 "not enough RAM: all devices of mvblk together may have %llu MiB, see its parameter ram_limit",
				 max >> (20 - PAGE_SHIFT));
		return -ENOSPC;
	}
	WRITE_ONCE(blk->reserved, blk->reserved + pages);
	return 0;
}

/* Make room in the table for @nr pages. */
static int mvblk_ram_grow(struct mvblk *blk, u64 nr)
{
	const u64 max = (INT_MAX - sizeof(struct mvblk_pages)) /
			sizeof(struct page *);
	struct mvblk_pages *old, *new;

	old = rcu_dereference_protected(blk->pages,
					lockdep_is_held(&blk->medium_lock));
	if (old && nr <= old->nr)
		return 0;
	/* kvzalloc() refuses larger sizes, and warns about them. */
	if (nr > max) {
		mdev_class_error(blk->soft.cdev,
				 "too large: a device in RAM can have %llu MiB at most, whatever ram_limit is",
				 max >> (20 - PAGE_SHIFT));
		return -EFBIG;
	}
	new = kvzalloc(struct_size(new, page, nr), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->nr = nr;

	/* Under the lock, nobody adds pages to the old table or drops them. */
	spin_lock_bh(&blk->pages_lock);
	if (old)
		memcpy(new->page, old->page, old->nr * sizeof(*old->page));
	rcu_assign_pointer(blk->pages, new);
	spin_unlock_bh(&blk->pages_lock);
	if (old) {
		synchronize_rcu();
		kvfree(old);
	}
	return 0;
}

/* Free the pages beyond the device's new, smaller size. */
static void mvblk_ram_cut(struct mvblk *blk, u64 bytes)
{
	struct mvblk_pages *pages;
	u64 index;

	pages = rcu_dereference_protected(blk->pages,
					  lockdep_is_held(&blk->medium_lock));
	/* If it grows again, these bytes must be zeroes. */
	if (offset_in_page(bytes))
		mvblk_ram_clear(blk, bytes, PAGE_SIZE - offset_in_page(bytes));
	for (index = DIV_ROUND_UP_ULL(bytes, PAGE_SIZE); index < pages->nr;
	     index++) {
		mvblk_ram_drop(blk, index);
		cond_resched();
	}
}

/**
 * mvblk_ram_resize() - set the size of a device in RAM
 * @blk: the instance
 * @bytes: size, a multiple of MVBLK_SECTOR
 *
 * Context: process context, &mvblk.medium_lock held.
 * Return: 0; -EBUSY if it would become smaller while a driver uses it; -ENOSPC if
 * that exceeds the RAM that the devices of this module may have; -EFBIG if no
 * device can be so large; -ENOMEM.
 */
int mvblk_ram_resize(struct mvblk *blk, u64 bytes)
{
	u64 old = (u64)atomic64_read(&blk->capacity) << MVBLK_SECTOR_SHIFT;
	u64 pages = DIV_ROUND_UP_ULL(bytes, PAGE_SIZE);
	u64 reserved = blk->reserved;
	int ret;

	lockdep_assert_held(&blk->medium_lock);
	if (bytes < old && blk->active)
		return -EBUSY;
	ret = mvblk_ram_reserve(blk, pages);
	if (ret)
		return ret;
	ret = mvblk_ram_grow(blk, pages);
	if (ret) {
		mvblk_ram_reserve(blk, reserved);
		return ret;
	}
	mvblk_set_capacity(blk, bytes >> MVBLK_SECTOR_SHIFT);
	if (bytes < old)
		mvblk_ram_cut(blk, bytes);
	return 0;
}

/**
 * mvblk_ram_destroy() - free all pages
 * @blk: the instance, which nobody uses any more
 */
void mvblk_ram_destroy(struct mvblk *blk)
{
	struct mvblk_pages *pages = rcu_dereference_protected(blk->pages, true);
	struct page *page;
	u64 index;

	for (index = 0; pages && index < pages->nr; index++) {
		page = rcu_dereference_protected(pages->page[index], true);
		if (!page)
			continue;
		put_page(page);
		atomic_long_dec(&blk->nr_pages);
		cond_resched();
	}
	/* mvblk_ram_free_rcu() accesses @blk. */
	if (atomic_long_read(&blk->nr_pages))
		rcu_barrier();
	WARN_ON_ONCE(atomic_long_read(&blk->nr_pages));
	kvfree(pages);
	atomic64_sub(blk->reserved, &mvblk_ram_reserved);
}

/**
 * mvblk_ram_exit() - clean up before the module, without instances, is unloaded
 */
void mvblk_ram_exit(void)
{
	/* Wait for mvblk_ram_free_rcu(). */
	rcu_barrier();
	WARN_ON_ONCE(atomic64_read(&mvblk_ram_reserved));
}
