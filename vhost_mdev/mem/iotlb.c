// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory that the user maps page by page, with IOTLB messages.  A page is
 * pinned for as long as it is mapped, so that a lookup is one load.
 */

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>

#include "domain.h"
#include "iotlb.h"
#include "pages.h"
#include "ring.h"
#include "../trace.h"

/* The highest page number possible */
#define VHOST_MEM_IOTLB_MAX	(ULONG_MAX >> PAGE_SHIFT)

/* ---- read sections and data ---- */

static int vhost_mem_iotlb_enter(struct mdev_mem *mem)
	__acquires(mem)
{
	return srcu_read_lock(&to_vhost_mem_iotlb(mem)->srcu);
}

static void vhost_mem_iotlb_leave(struct mdev_mem *mem, int token)
	__releases(mem)
{
	srcu_read_unlock(&to_vhost_mem_iotlb(mem)->srcu, token);
}

static void *vhost_mem_iotlb_lookup(struct mdev_mem *mem, u64 iova,
				    unsigned int perm, size_t *len)
{
	return mdev_page_find(&to_vhost_mem_iotlb(mem)->pages, iova, perm, len);
}

/* There is nothing to fault in, but a page may be mapped since the lookup. */
static int vhost_mem_iotlb_fault(struct mdev_mem *mem, u64 iova,
				 unsigned int perm)
{
	size_t len = 1;

	return vhost_mem_iotlb_lookup(mem, iova, perm, &len) ? 0 : -EFAULT;
}

static int vhost_mem_iotlb_copy(struct mdev_mem *mem, u64 iova, void *buf,
				size_t len, unsigned int perm)
{
	int token, ret = 0;
	size_t n;
	u64 last;
	void *p;

	if (!len)
		return 0;
	if (check_add_overflow(iova, (u64)len - 1, &last))
		return -EFAULT;

	token = vhost_mem_iotlb_enter(mem);
	for (; len; len -= n, iova += n, buf += n) {
		n = len;
		p = vhost_mem_iotlb_lookup(mem, iova, perm, &n);
		if (!p) {
			ret = -EFAULT;
			break;
		}
		if (perm == MDEV_MEM_WRITE)
			memcpy(p, buf, n);
		else
			memcpy(buf, p, n);
	}
	vhost_mem_iotlb_leave(mem, token);
	return ret;
}

static int vhost_mem_iotlb_read(struct mdev_mem *mem, u64 iova, void *buf,
				size_t len)
{
	return vhost_mem_iotlb_copy(mem, iova, buf, len, MDEV_MEM_READ);
}

static int vhost_mem_iotlb_write(struct mdev_mem *mem, u64 iova,
				 const void *buf, size_t len)
{
	return vhost_mem_iotlb_copy(mem, iova, (void *)buf, len,
				    MDEV_MEM_WRITE);
}

/* mdev_mem_ops.hold */
static int vhost_mem_iotlb_hold(struct mdev_mem *mem)
{
	struct vhost_mem_iotlb *im = to_vhost_mem_iotlb(mem);

	RCU_LOCKDEP_WARN(!srcu_read_lock_held(&im->srcu),
			 "driver memory held outside of a read section");
	return mdev_mem_holds_begin(&im->holds);
}

/* mdev_mem_ops.release */
static void vhost_mem_iotlb_release(struct mdev_mem *mem, int token)
{
	mdev_mem_holds_end(&to_vhost_mem_iotlb(mem)->holds, token);
}

/* ---- maps and unmaps ---- */

/*
 * Wait for readers of dead pages and rings, and for those who hold pages, and
 * release these.
 */
static void vhost_mem_iotlb_bury(struct vhost_mem_iotlb *im,
				 struct mm_struct *mm)
{
	lockdep_assert_held(&im->lock);
	mdev_mem_forget(&im->mem);
	mdev_mem_holds_sync(&im->holds, &im->srcu);
	vhost_mem_rings_vunmap(im);
	vhost_mem_pages_reap(im, mm, 0, VHOST_MEM_IOTLB_MAX, true);
	im->dying = false;
}

/*
 * Remove what is mapped from page @first to page @last, inclusive.  Before the
 * device is live, and after it was reset, there are no readers to wait for.
 */
static int vhost_mem_iotlb_remove(struct vhost_mem_iotlb *im,
				  struct mm_struct *mm, unsigned long first,
				  unsigned long last, bool live, bool later)
{
	int ret;

	lockdep_assert_held(&im->lock);
	if (im->domain) {
		ret = vhost_mem_domain_unmap(im->domain, &im->pages, first,
					     last);
		vhost_mem_pages_reap(im, mm, first, last, false);
		return ret;
	}
	if (!live && list_empty(&im->rings)) {
		WARN_ON_ONCE(mdev_mem_holds_active(&im->holds));
		mdev_mem_forget(&im->mem);
		vhost_mem_pages_reap(im, mm, first, last, false);
		return 0;
	}
	if (vhost_mem_rings_kill(im, first, last))
		im->dying = true;
	if (vhost_mem_pages_kill(im, first, last))
		im->dying = true;
	if (im->dying && !later)
		vhost_mem_iotlb_bury(im, mm);
	return 0;
}

/* Whether anything is mapped in a range */
static bool vhost_mem_iotlb_taken(struct vhost_mem_iotlb *im,
				  struct mm_struct *mm, unsigned long first,
				  unsigned long last)
{
	unsigned long index = first;
	void *entry;

	entry = xa_find(&im->pages, &index, last, XA_PRESENT);
	if (entry && mdev_page_entry_state(entry) == MDEV_PAGE_DEAD) {
		vhost_mem_iotlb_bury(im, mm);
		index = first;
		entry = xa_find(&im->pages, &index, last, XA_PRESENT);
	}
	return entry;
}

/**
 * vhost_mem_iotlb_map() - map memory of the calling process
 * @im: the address space
 * @mm: the caller's, to which pages are accounted; the same in all calls
 * @iova: first address of the device
 * @size: bytes
 * @uaddr: address in the process, at the same place of its page as @iova
 * @perm: MDEV_PAGE_RO, MDEV_PAGE_WO or MDEV_PAGE_RW
 * @live: the device may be using this memory
 *
 * Whole pages are mapped, and either all of them or none.
 *
 * Context: process context, called by the user; sleeps.
 * Return: 0; -EINVAL for a range that is empty, wraps or cannot be used by the
 * device, for an @uaddr at another place in its page, or for an invalid @perm;
 * -EEXIST if a page of the range is mapped; -EFAULT if the process has no such
 * memory, or cannot write to memory that the device is to write to; -ENOMEM if
 * RLIMIT_MEMLOCK or memory is exhausted; -EINTR for a process that is being killed.
 */
int vhost_mem_iotlb_map(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			u64 iova, u64 size, u64 uaddr, unsigned int perm,
			bool live)
{
	unsigned long first, last, index, npages;
	u64 last_iova, last_uaddr, begin = ktime_get_ns();
	int ret;

	if (!size || check_add_overflow(iova, size - 1, &last_iova) ||
	    check_add_overflow(uaddr, size - 1, &last_uaddr))
		return -EINVAL;
	if (offset_in_page(iova) != offset_in_page(uaddr))
		return -EINVAL;
	if (!perm || perm & ~MDEV_PAGE_RW)
		return -EINVAL;

	first = iova >> PAGE_SHIFT;
	last = last_iova >> PAGE_SHIFT;
	npages = last - first + 1;
	if (im->domain && !vhost_mem_domain_allows(im->domain, first, last))
		return -EINVAL;

	mutex_lock(&im->lock);
	ret = -EEXIST;
	if (vhost_mem_iotlb_taken(im, mm, first, last))
		goto out_unlock;
	ret = vhost_mem_pages_account(mm, npages);
	if (ret)
		goto out_unlock;

	index = first;
	ret = vhost_mem_pages_fill(im, &index, last, uaddr & PAGE_MASK, perm);
	if (ret) {
		atomic64_sub(last - index + 1, &mm->pinned_vm);
		if (index > first)
			vhost_mem_iotlb_remove(im, mm, first, index - 1, live,
					       false);
	}
out_unlock:
	mutex_unlock(&im->lock);
	trace_vhost_mdev_map(im->dev, iova, size, ktime_get_ns() - begin, ret);
	if (ret == -ENOMEM)
		dev_warn_ratelimited(im->dev,
				     "%lu pages for the device cannot be locked; raise RLIMIT_MEMLOCK of the user (ulimit -l)\n",
				     npages);
	return ret;
}

/**
 * vhost_mem_iotlb_unmap() - unmap what is mapped in a range
 * @im: the address space
 * @mm: as for vhost_mem_iotlb_map()
 * @iova: first address
 * @size: bytes
 * @live: the device may be using this memory
 * @later: the caller will call vhost_mem_iotlb_settle()
 *
 * All pages that the range touches are unmapped.  Virtqueues that lie there break.
 * The pages are no longer accessed when this returns or, with @later, when
 * vhost_mem_iotlb_settle() returns.
 *
 * Context: process context; sleeps.
 * Return: 0, also if there was nothing; -EINVAL for a range that wraps; -ENOMEM
 * if all of it was unmapped, and, for a device that does DMA by itself, also other
 * pages of the same mapping.
 */
int vhost_mem_iotlb_unmap(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			  u64 iova, u64 size, bool live, bool later)
{
	u64 last, begin = ktime_get_ns();
	int ret;

	if (!size)
		return 0;
	if (check_add_overflow(iova, size - 1, &last))
		return -EINVAL;

	mutex_lock(&im->lock);
	ret = vhost_mem_iotlb_remove(im, mm, iova >> PAGE_SHIFT,
				     last >> PAGE_SHIFT, live, later);
	mutex_unlock(&im->lock);
	trace_vhost_mdev_unmap(im->dev, iova, size, ktime_get_ns() - begin, ret);
	return ret;
}

/**
 * vhost_mem_iotlb_settle() - finish unmaps that were put off
 * @im: the address space
 * @mm: as for vhost_mem_iotlb_map()
 *
 * Context: process context; sleeps.
 */
void vhost_mem_iotlb_settle(struct vhost_mem_iotlb *im, struct mm_struct *mm)
{
	mutex_lock(&im->lock);
	if (im->dying)
		vhost_mem_iotlb_bury(im, mm);
	mutex_unlock(&im->lock);
}

/**
 * vhost_mem_iotlb_clear() - unmap everything
 * @im: the address space
 * @mm: as for vhost_mem_iotlb_map()
 *
 * Called after a reset.  Rings that the parent should have unmapped, but did not,
 * are taken from it.
 *
 * Context: process context; sleeps.
 */
void vhost_mem_iotlb_clear(struct vhost_mem_iotlb *im, struct mm_struct *mm)
{
	mutex_lock(&im->lock);
	vhost_mem_iotlb_remove(im, mm, 0, VHOST_MEM_IOTLB_MAX, false, false);
	mutex_unlock(&im->lock);
}

/**
 * vhost_mem_iotlb_show() - write what is known of an address space
 * @im: the address space
 * @m: where to write
 *
 * Takes no lock: whoever has it may be waiting for the user's memory.
 *
 * Context: process context.
 */
void vhost_mem_iotlb_show(struct vhost_mem_iotlb *im, struct seq_file *m)
{
	seq_printf(m, "memory: IOTLB messages%s\n",
		   READ_ONCE(im->domain) ? ", in the IOMMU of the device" : "");
	seq_printf(m, "mapped and pinned: %llu bytes\n",
		   (u64)READ_ONCE(im->nr_pages) << PAGE_SHIFT);
	seq_printf(m, "ring areas: %u\n", READ_ONCE(im->nr_rings));
	seq_printf(m, "unmapped, but still in use: %s\n",
		   READ_ONCE(im->dying) ? "yes" : "no");
	seq_printf(m, "held by the parent: %s\n",
		   mdev_mem_holds_active(&im->holds) ? "yes" : "no");
}

/* ---- life ---- */

static const struct mdev_mem_ops vhost_mem_iotlb_ops = {
	.enter = vhost_mem_iotlb_enter,
	.leave = vhost_mem_iotlb_leave,
	.lookup = vhost_mem_iotlb_lookup,
	.fault = vhost_mem_iotlb_fault,
	.read = vhost_mem_iotlb_read,
	.write = vhost_mem_iotlb_write,
	.map_ring = vhost_mem_ring_map,
	.unmap_ring = vhost_mem_ring_unmap,
	.hold = vhost_mem_iotlb_hold,
	.release = vhost_mem_iotlb_release,
};

/**
 * vhost_mem_iotlb_init() - make an address space in which nothing is mapped
 * @im: zeroed
 * @dev: the device in messages
 *
 * Return: 0 or -ENOMEM.
 */
int vhost_mem_iotlb_init(struct vhost_mem_iotlb *im, struct device *dev)
{
	int ret;

	/* Page numbers are indices, and all memory has a kernel address. */
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_64BIT));

	im->mem.ops = &vhost_mem_iotlb_ops;
	im->dev = dev;
	mutex_init(&im->lock);
	xa_init_flags(&im->pages, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&im->rings);
	ret = init_srcu_struct(&im->srcu);
	if (ret)
		return ret;
	ret = mdev_mem_holds_init(&im->holds, dev);
	if (ret)
		cleanup_srcu_struct(&im->srcu);
	return ret;
}

/**
 * vhost_mem_iotlb_uninit() - undo vhost_mem_iotlb_init()
 * @im: the address space, cleared
 */
void vhost_mem_iotlb_uninit(struct vhost_mem_iotlb *im)
{
	WARN_ON_ONCE(!xa_empty(&im->pages));
	mdev_mem_holds_uninit(&im->holds);
	cleanup_srcu_struct(&im->srcu);
	xa_destroy(&im->pages);
	mutex_destroy(&im->lock);
}
