// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory that the user maps page by page, with IOTLB messages.  What is
 * mapped is pinned for as long as it is, so that a lookup is one load.
 */

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "domain.h"
#include "iotlb.h"

/* A page that no lookup finds any more, but that readers may still have */
#define VHOST_MEM_IOTLB_DYING	XA_MARK_0

/* Pages that are pinned or unpinned at once: on the stack, else in one page */
#define VHOST_MEM_IOTLB_FEW	32
#define VHOST_MEM_IOTLB_MANY	(PAGE_SIZE / sizeof(struct page *))

/* The number of the last page that there is */
#define VHOST_MEM_IOTLB_MAX	(ULONG_MAX >> PAGE_SHIFT)

/**
 * struct vhost_mem_iotlb_ring - a mapped ring piece
 * @node: in &vhost_mem_iotlb.rings
 * @map: the user of it
 * @first: number of its first page
 * @last: number of its last page
 * @vmapped: kernel mapping, NULL if the linear one does
 *
 * It pins nothing: the pages of the address space do, and they go only after
 * the ring was declared dead.
 */
struct vhost_mem_iotlb_ring {
	struct list_head node;
	struct mdev_ring_map *map;
	unsigned long first;
	unsigned long last;
	void *vmapped;
};

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

/* All that is mapped is known.  Maybe it was mapped since the lookup. */
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
	u64 end;
	void *p;

	if (!len)
		return 0;
	if (check_add_overflow(iova, (u64)len - 1, &end))
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

/* ---- rings ---- */

static int vhost_mem_iotlb_ring_pages(struct vhost_mem_iotlb *im,
				      struct vhost_mem_iotlb_ring *ring,
				      unsigned int perm, struct page **pages)
{
	unsigned long index;
	void *entry;

	for (index = ring->first; index <= ring->last; index++) {
		entry = xa_load(&im->pages, index);
		if (!entry || !mdev_page_allows(entry, perm))
			return -EFAULT;
		*pages = pfn_to_page(mdev_page_entry_pfn(entry));
		if (!mdev_page_usable(*pages)) {
			dev_warn_ratelimited(im->dev,
					     "a virtqueue lies in memory that cannot be shared: it has to be ordinary memory, and written to once if mapped for reading only\n");
			return -EFAULT;
		}
		pages++;
	}
	return 0;
}

static int vhost_mem_iotlb_map_ring(struct mdev_mem *mem,
				    struct mdev_ring_map *map)
{
	struct vhost_mem_iotlb *im = to_vhost_mem_iotlb(mem);
	struct vhost_mem_iotlb_ring *ring;
	struct page **pages;
	unsigned long n;
	void *addr;
	int ret;

	if (map->len > MDEV_PAGE_RING_MAX)
		return -EINVAL;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	ring->map = map;
	ring->first = map->iova >> PAGE_SHIFT;
	ring->last = (map->iova + map->len - 1) >> PAGE_SHIFT;
	n = ring->last - ring->first + 1;

	ret = -ENOMEM;
	pages = kvcalloc(n, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		goto err_free;

	mutex_lock(&im->lock);
	ret = vhost_mem_iotlb_ring_pages(im, ring, map->perm, pages);
	if (ret)
		goto err_unlock;
	ret = -ENOMEM;
	addr = mdev_page_ring_addr(pages, n, map->perm, &ring->vmapped);
	if (!addr)
		goto err_unlock;
	map->priv = ring;
	map->addr = addr + offset_in_page(map->iova);
	list_add(&ring->node, &im->rings);
	mutex_unlock(&im->lock);
	kvfree(pages);
	return 0;

err_unlock:
	mutex_unlock(&im->lock);
	kvfree(pages);
err_free:
	kfree(ring);
	return ret;
}

static void vhost_mem_iotlb_unmap_ring(struct mdev_mem *mem,
				       struct mdev_ring_map *map)
{
	struct vhost_mem_iotlb *im = to_vhost_mem_iotlb(mem);
	struct vhost_mem_iotlb_ring *ring = map->priv;

	mutex_lock(&im->lock);
	list_del(&ring->node);
	mutex_unlock(&im->lock);
	map->priv = NULL;
	vunmap(ring->vmapped);
	kfree(ring);
}

/* Declare rings dead that lie in a range, inclusive page numbers. */
static bool vhost_mem_iotlb_kill_rings(struct vhost_mem_iotlb *im,
				       unsigned long first, unsigned long last)
{
	struct vhost_mem_iotlb_ring *ring;
	bool found = false;

	list_for_each_entry(ring, &im->rings, node) {
		if (ring->map->dead || ring->last < first || ring->first > last)
			continue;
		WRITE_ONCE(ring->map->dead, true);
		ring->map->invalidate(ring->map);
		found = true;
	}
	return found;
}

static void vhost_mem_iotlb_vunmap_dead(struct vhost_mem_iotlb *im)
{
	struct vhost_mem_iotlb_ring *ring;

	list_for_each_entry(ring, &im->rings, node) {
		if (!ring->map->dead)
			continue;
		vunmap(ring->vmapped);
		ring->vmapped = NULL;
	}
}

/* ---- pages ---- */

/*
 * As vhost-vdpa counts: what the owner has pinned by whichever driver, against
 * RLIMIT_MEMLOCK, with no exception for anybody.
 */
static int vhost_mem_iotlb_account(struct mm_struct *mm, unsigned long npages)
{
	if (npages > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT)
		return -ENOMEM;
	if (atomic64_add_return(npages, &mm->pinned_vm) >
	    rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT) {
		atomic64_sub(npages, &mm->pinned_vm);
		return -ENOMEM;
	}
	return 0;
}

/* Returns how many, which is fewer than @n if memory is short. */
static unsigned long vhost_mem_iotlb_insert(struct vhost_mem_iotlb *im,
					    unsigned long index,
					    unsigned int state,
					    struct page **pages,
					    unsigned long n)
{
	XA_STATE(xas, &im->pages, index);
	unsigned long i = 0;

	do {
		xas_lock(&xas);
		for (; i < n; i++) {
			xas_store(&xas, mdev_page_entry(state,
							page_to_pfn(pages[i])));
			if (xas_error(&xas))
				break;
			xas_next(&xas);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL_ACCOUNT));
	return i;
}

/*
 * Have the device find pages.  Returns how many it does, and if these are fewer
 * than @n sets *@err.
 */
static unsigned long vhost_mem_iotlb_add(struct vhost_mem_iotlb *im,
					 unsigned long index,
					 unsigned int state,
					 struct page **pages, unsigned long n,
					 int *err)
{
	unsigned long done, i;

	done = vhost_mem_iotlb_insert(im, index, state, pages, n);
	*err = done < n ? -ENOMEM : 0;
	if (*err || !im->domain)
		return done;

	*err = vhost_mem_domain_map(im->domain, index, pages, n, state);
	if (!*err)
		return n;
	/* Without readers, whom there are none of, it is as if it never was. */
	for (i = 0; i < n; i++)
		xa_erase(&im->pages, index + i);
	return 0;
}

/*
 * Pin for writing even what is mapped for reading only, wherever it can be
 * written: that gives a private page to who has yet to write to it, which would
 * be replaced by another one when it does.
 */
static long vhost_mem_iotlb_pin(unsigned long uaddr, unsigned long n,
				unsigned int state, struct page **pages)
{
	long ret;

	ret = pin_user_pages_fast(uaddr, n, FOLL_WRITE | FOLL_LONGTERM, pages);
	if (ret == -EFAULT && state == MDEV_PAGE_RO)
		/* One: those that follow may be writable again. */
		ret = pin_user_pages_fast(uaddr, 1, FOLL_LONGTERM, pages);
	return ret ? ret : -EFAULT;
}

/*
 * Pin and insert pages from number *@index to @last.  An error leaves *@index at
 * the first that was not.
 */
static int vhost_mem_iotlb_fill(struct vhost_mem_iotlb *im,
				unsigned long *index, unsigned long last,
				unsigned long uaddr, unsigned int state)
{
	unsigned long max = VHOST_MEM_IOTLB_FEW, want, done;
	struct page *few[VHOST_MEM_IOTLB_FEW];
	struct page **pages = few;
	int ret = 0;
	long n;

	if (last - *index >= max) {
		pages = (struct page **)__get_free_page(GFP_KERNEL_ACCOUNT);
		if (!pages)
			return -ENOMEM;
		max = VHOST_MEM_IOTLB_MANY;
	}

	while (*index <= last) {
		want = max;
		/* So that an IOMMU gets what may be one entry of its tables */
		if (max == VHOST_MEM_IOTLB_MANY)
			want -= *index % max;
		n = vhost_mem_iotlb_pin(uaddr, min(last - *index + 1, want),
					state, pages);
		if (n < 0) {
			ret = n;
			break;
		}
		done = vhost_mem_iotlb_add(im, *index, state, pages, n, &ret);
		*index += done;
		uaddr += done << PAGE_SHIFT;
		if (ret) {
			unpin_user_pages(pages + done, n - done);
			break;
		}
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}

	if (pages != few)
		free_page((unsigned long)pages);
	return ret;
}

/* Have lookups find nothing any more in a range.  Whether they found anything. */
static bool vhost_mem_iotlb_kill_pages(struct vhost_mem_iotlb *im,
				       unsigned long first, unsigned long last)
{
	XA_STATE(xas, &im->pages, first);
	unsigned int n = 0;
	bool found = false;
	void *entry;

	xas_lock(&xas);
	xas_for_each(&xas, entry, last) {
		if (mdev_page_entry_state(entry) != MDEV_PAGE_DEAD) {
			/* Keeps what it was, see vhost_mem_iotlb_gather(). */
			xas_store(&xas, mdev_page_entry(MDEV_PAGE_DEAD,
							xa_to_value(entry)));
			xas_set_mark(&xas, VHOST_MEM_IOTLB_DYING);
			found = true;
		}
		if (++n % XA_CHECK_SCHED)
			continue;
		xas_pause(&xas);
		xas_unlock(&xas);
		cond_resched();
		xas_lock(&xas);
	}
	xas_unlock(&xas);
	return found;
}

/*
 * Take some pages that are alike out of the array, up to @last, only dead ones
 * or all.  Returns how many; @xas is where to go on.
 */
static unsigned long vhost_mem_iotlb_gather(struct xa_state *xas,
					    unsigned long last, bool dead,
					    struct page **pages, bool *dirty)
{
	unsigned long next = xas->xa_index, n = 0;
	void *entry;

	xas_lock(xas);
	while (n < VHOST_MEM_IOTLB_FEW) {
		entry = dead ? xas_find_marked(xas, last, VHOST_MEM_IOTLB_DYING) :
			       xas_find(xas, last);
		if (!entry)
			break;
		next = xas->xa_index;
		if (mdev_page_entry_state(entry) == MDEV_PAGE_DEAD)
			entry = xa_mk_value(mdev_page_entry_pfn(entry));
		if (!n)
			*dirty = mdev_page_allows(entry, MDEV_MEM_WRITE);
		else if (*dirty != mdev_page_allows(entry, MDEV_MEM_WRITE))
			break;
		pages[n++] = pfn_to_page(mdev_page_entry_pfn(entry));
		xas_store(xas, NULL);
		next++;
	}
	xas_unlock(xas);
	xas_set(xas, next);
	return n;
}

/* Unpin pages that no reader has. */
static void vhost_mem_iotlb_reap(struct vhost_mem_iotlb *im,
				 struct mm_struct *mm, unsigned long first,
				 unsigned long last, bool dead)
{
	XA_STATE(xas, &im->pages, first);
	struct page *pages[VHOST_MEM_IOTLB_FEW];
	unsigned long n;
	bool dirty;

	while ((n = vhost_mem_iotlb_gather(&xas, last, dead, pages, &dirty))) {
		unpin_user_pages_dirty_lock(pages, n, dirty);
		atomic64_sub(n, &mm->pinned_vm);
		cond_resched();
	}
}

/* Wait for readers of all that is dead, and let it go. */
static void vhost_mem_iotlb_bury(struct vhost_mem_iotlb *im,
				 struct mm_struct *mm)
{
	lockdep_assert_held(&im->lock);
	mdev_mem_forget(&im->mem);
	synchronize_srcu_expedited(&im->srcu);
	vhost_mem_iotlb_vunmap_dead(im);
	vhost_mem_iotlb_reap(im, mm, 0, VHOST_MEM_IOTLB_MAX, true);
	im->dying = false;
}

/*
 * Take out what is mapped in a range, inclusive page numbers.  Where nobody can
 * be reading, which is the case until the device is live and once it was reset,
 * there is nothing to wait for.
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
		vhost_mem_iotlb_reap(im, mm, first, last, false);
		return ret;
	}
	if (!live && list_empty(&im->rings)) {
		mdev_mem_forget(&im->mem);
		vhost_mem_iotlb_reap(im, mm, first, last, false);
		return 0;
	}
	if (vhost_mem_iotlb_kill_rings(im, first, last))
		im->dying = true;
	if (vhost_mem_iotlb_kill_pages(im, first, last))
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
 * Whole pages are mapped.  All or nothing is.
 *
 * Context: process context, by the user; sleeps.
 * Return: 0; -EINVAL for a range that is empty, wraps or is not the device's to
 * use, another place in the page or no such @perm; -EEXIST if a page of it is
 * mapped; -EFAULT if the process has no such memory, or cannot write to what the
 * device could; -ENOMEM if RLIMIT_MEMLOCK or memory is exhausted; -EINTR for a
 * process that is being killed.
 */
int vhost_mem_iotlb_map(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			u64 iova, u64 size, u64 uaddr, unsigned int perm,
			bool live)
{
	unsigned long first, last, index, npages;
	u64 end;
	int ret;

	if (!size || check_add_overflow(iova, size - 1, &end) ||
	    check_add_overflow(uaddr, size - 1, &end))
		return -EINVAL;
	if (offset_in_page(iova) != offset_in_page(uaddr))
		return -EINVAL;
	if (!perm || perm & ~MDEV_PAGE_RW)
		return -EINVAL;

	first = iova >> PAGE_SHIFT;
	last = (iova + size - 1) >> PAGE_SHIFT;
	npages = last - first + 1;
	if (im->domain && !vhost_mem_domain_allows(im->domain, first, last))
		return -EINVAL;

	mutex_lock(&im->lock);
	ret = -EEXIST;
	if (vhost_mem_iotlb_taken(im, mm, first, last))
		goto out_unlock;
	ret = vhost_mem_iotlb_account(mm, npages);
	if (ret)
		goto out_unlock;

	index = first;
	ret = vhost_mem_iotlb_fill(im, &index, last, uaddr & PAGE_MASK, perm);
	if (ret) {
		atomic64_sub(last - index + 1, &mm->pinned_vm);
		if (index > first)
			vhost_mem_iotlb_remove(im, mm, first, index - 1, live,
					       false);
	}
out_unlock:
	mutex_unlock(&im->lock);
	if (ret == -ENOMEM)
		dev_warn_ratelimited(im->dev,
				     "%lu pages for the device cannot be locked; raise RLIMIT_MEMLOCK of the user (ulimit -l)\n",
				     npages);
	return ret;
}

/**
 * vhost_mem_iotlb_unmap() - unmap what is mapped in a range
 * @im: the address space
 * @mm: as of vhost_mem_iotlb_map()
 * @iova: first address
 * @size: bytes
 * @live: the device may be using this memory
 * @later: vhost_mem_iotlb_settle() is to follow
 *
 * All pages go that the range touches.  Virtqueues that lie there break.
 * Without @later, or after vhost_mem_iotlb_settle(), they are not accessed any
 * more.
 *
 * Context: process context; sleeps.
 * Return: 0, also if there was nothing; -EINVAL for a range that wraps; -ENOMEM
 * if all of it went and, of a device that does DMA by itself, some of what was
 * mapped along with it.
 */
int vhost_mem_iotlb_unmap(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			  u64 iova, u64 size, bool live, bool later)
{
	int ret;
	u64 end;

	if (!size)
		return 0;
	if (check_add_overflow(iova, size - 1, &end))
		return -EINVAL;

	mutex_lock(&im->lock);
	ret = vhost_mem_iotlb_remove(im, mm, iova >> PAGE_SHIFT,
				     end >> PAGE_SHIFT, live, later);
	mutex_unlock(&im->lock);
	return ret;
}

/**
 * vhost_mem_iotlb_settle() - the end of unmaps that were put off
 * @im: the address space
 * @mm: as of vhost_mem_iotlb_map()
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
 * @mm: as of vhost_mem_iotlb_map()
 *
 * After a reset.  Rings that the parent did not unmap, as it should have, are
 * taken from it.
 *
 * Context: process context; sleeps.
 */
void vhost_mem_iotlb_clear(struct vhost_mem_iotlb *im, struct mm_struct *mm)
{
	mutex_lock(&im->lock);
	vhost_mem_iotlb_remove(im, mm, 0, VHOST_MEM_IOTLB_MAX, false, false);
	mutex_unlock(&im->lock);
}

/* ---- life ---- */

static const struct mdev_mem_ops vhost_mem_iotlb_ops = {
	.enter = vhost_mem_iotlb_enter,
	.leave = vhost_mem_iotlb_leave,
	.lookup = vhost_mem_iotlb_lookup,
	.fault = vhost_mem_iotlb_fault,
	.read = vhost_mem_iotlb_read,
	.write = vhost_mem_iotlb_write,
	.map_ring = vhost_mem_iotlb_map_ring,
	.unmap_ring = vhost_mem_iotlb_unmap_ring,
};

/**
 * vhost_mem_iotlb_init() - an address space in which nothing is mapped
 * @im: zeroed
 * @dev: the device in messages
 *
 * Return: 0 or -ENOMEM.
 */
int vhost_mem_iotlb_init(struct vhost_mem_iotlb *im, struct device *dev)
{
	/* Page numbers are indices, and all memory has a kernel address. */
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_64BIT));

	im->mem.ops = &vhost_mem_iotlb_ops;
	im->dev = dev;
	mutex_init(&im->lock);
	xa_init_flags(&im->pages, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&im->rings);
	return init_srcu_struct(&im->srcu);
}

/**
 * vhost_mem_iotlb_uninit() - undo vhost_mem_iotlb_init()
 * @im: the address space, cleared
 */
void vhost_mem_iotlb_uninit(struct vhost_mem_iotlb *im)
{
	WARN_ON_ONCE(!xa_empty(&im->pages));
	cleanup_srcu_struct(&im->srcu);
	xa_destroy(&im->pages);
	mutex_destroy(&im->lock);
}
