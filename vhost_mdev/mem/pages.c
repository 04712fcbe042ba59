// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that messages map: pinning and unpinning its pages.
 */

#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/xarray.h>

#include "domain.h"
#include "iotlb.h"
#include "pages.h"

/* Pages that are pinned or unpinned at once: on the stack, else in one page */
#define VHOST_MEM_PAGES_FEW	32
#define VHOST_MEM_PAGES_MANY	(PAGE_SIZE / sizeof(struct page *))

/**
 * vhost_mem_pages_account() - count pages that are about to be pinned
 * @mm: the owner's
 * @npages: how many
 *
 * Counts as vhost-vdpa does: all that the owner has pinned through any driver,
 * against RLIMIT_MEMLOCK, with no exception for privileged users.
 *
 * Context: process context, called by the owner.
 * Return: 0; -ENOMEM if that would exceed the limit.
 */
int vhost_mem_pages_account(struct mm_struct *mm, unsigned long npages)
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

/* Returns how many were inserted, which is fewer than @n if memory is short. */
static unsigned long vhost_mem_pages_insert(struct vhost_mem_iotlb *im,
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
	WRITE_ONCE(im->nr_pages, im->nr_pages + i);
	return i;
}

/*
 * Make pages visible to the device.  Returns how many are, and sets *@err to an
 * error if they are fewer than @n, otherwise to 0.
 */
static unsigned long vhost_mem_pages_add(struct vhost_mem_iotlb *im,
					 unsigned long index,
					 unsigned int state,
					 struct page **pages, unsigned long n,
					 int *err)
{
	unsigned long done, i;

	done = vhost_mem_pages_insert(im, index, state, pages, n);
	*err = done < n ? -ENOMEM : 0;
	if (*err || !im->domain)
		return done;

	*err = vhost_mem_domain_map(im->domain, index, pages, n, state);
	if (!*err)
		return n;
	/* A device with its own DMA has no software readers, so erase at once. */
	for (i = 0; i < n; i++)
		xa_erase(&im->pages, index + i);
	WRITE_ONCE(im->nr_pages, im->nr_pages - n);
	return 0;
}

/*
 * Pin for writing wherever the process can write, even what is mapped for reading
 * only.  In a private mapping, this makes the process's own copy of a page that it
 * has not written to yet; otherwise it would be made at the first write, and the
 * device would keep the old page.
 */
static long vhost_mem_pages_pin(unsigned long uaddr, unsigned long n,
				unsigned int state, struct page **pages)
{
	long ret;

	ret = pin_user_pages_fast(uaddr, n, FOLL_WRITE | FOLL_LONGTERM, pages);
	if (ret == -EFAULT && state == MDEV_PAGE_RO)
		/* Only one, because those that follow may be writable again. */
		ret = pin_user_pages_fast(uaddr, 1, FOLL_LONGTERM, pages);
	return ret ? ret : -EFAULT;
}

/**
 * vhost_mem_pages_fill() - pin and insert pages
 * @im: the address space
 * @index: number of the first page; on an error, of the first that was not inserted
 * @last: number of the last page
 * @uaddr: address of the first page in the calling process
 * @state: MDEV_PAGE_RO, MDEV_PAGE_WO or MDEV_PAGE_RW
 *
 * Context: process context, called by the owner, with the lock of @im held; sleeps.
 * Return: 0; -EFAULT, -ENOMEM, -EINTR, or what the IOMMU's driver says.
 */
int vhost_mem_pages_fill(struct vhost_mem_iotlb *im, unsigned long *index,
			 unsigned long last, unsigned long uaddr,
			 unsigned int state)
{
	unsigned long max = VHOST_MEM_PAGES_FEW, want, done;
	struct page *few[VHOST_MEM_PAGES_FEW];
	struct page **pages = few;
	int ret = 0;
	long n;

	lockdep_assert_held(&im->lock);
	if (last - *index >= max) {
		pages = (struct page **)__get_free_page(GFP_KERNEL_ACCOUNT);
		if (!pages)
			return -ENOMEM;
		max = VHOST_MEM_PAGES_MANY;
	}

	while (*index <= last) {
		want = max;
		/* Aligned, so that it may become one entry of an IOMMU's tables */
		if (max == VHOST_MEM_PAGES_MANY)
			want -= *index % max;
		n = vhost_mem_pages_pin(uaddr, min(last - *index + 1, want),
					state, pages);
		if (n < 0) {
			ret = n;
			break;
		}
		done = vhost_mem_pages_add(im, *index, state, pages, n, &ret);
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

/**
 * vhost_mem_pages_kill() - make lookups find nothing any more in a range
 * @im: the address space
 * @first: number of the first page
 * @last: number of the last page
 *
 * Context: process context, with the lock of @im held; sleeps.
 * Return: whether they could have found anything.
 */
bool vhost_mem_pages_kill(struct vhost_mem_iotlb *im, unsigned long first,
			  unsigned long last)
{
	XA_STATE(xas, &im->pages, first);
	bool found = false, more;

	lockdep_assert_held(&im->lock);
	do {
		xas_lock(&xas);
		/* Kept, because vhost_mem_pages_gather() unpins them. */
		more = mdev_page_kill(&xas, last, true, &found);
		xas_unlock(&xas);
		cond_resched();
	} while (more);
	return found;
}

/*
 * Take some pages up to @last out of the array, dead ones only if @dead.  They are
 * either all writable by the device or all not, see *@dirty.  Returns how many;
 * @xas is then at the page to continue with.
 */
static unsigned long vhost_mem_pages_gather(struct xa_state *xas,
					    unsigned long last, bool dead,
					    struct page **pages, bool *dirty)
{
	unsigned long next = xas->xa_index, n = 0;
	void *entry;

	xas_lock(xas);
	while (n < VHOST_MEM_PAGES_FEW) {
		entry = dead ? xas_find_marked(xas, last, MDEV_PAGE_DYING) :
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

/**
 * vhost_mem_pages_reap() - unpin pages that no reader has
 * @im: the address space
 * @mm: the owner's, to which they are accounted
 * @first: number of the first page
 * @last: number of the last page
 * @dead: only those that vhost_mem_pages_kill() was called for; else all
 *
 * Context: process context, with the lock of @im held; sleeps.
 */
void vhost_mem_pages_reap(struct vhost_mem_iotlb *im, struct mm_struct *mm,
			  unsigned long first, unsigned long last, bool dead)
{
	XA_STATE(xas, &im->pages, first);
	struct page *pages[VHOST_MEM_PAGES_FEW];
	unsigned long n;
	bool dirty;

	lockdep_assert_held(&im->lock);
	while ((n = vhost_mem_pages_gather(&xas, last, dead, pages, &dirty))) {
		unpin_user_pages_dirty_lock(pages, n, dirty);
		atomic64_sub(n, &mm->pinned_vm);
		WRITE_ONCE(im->nr_pages, im->nr_pages - n);
		cond_resched();
	}
}
