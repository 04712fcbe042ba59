// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOMMU of a device that does DMA by itself, for a user without a VFIO
 * container that programs it.
 */

#include <linux/iommu.h>
#include <linux/mdev_class.h>
#include <linux/mdev_page.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "domain.h"

/*
 * No mapping crosses a multiple of this, in pages, so that no entry of the IOMMU's
 * tables does: IOMMU drivers differ in what they do with an entry of which a part
 * is unmapped.
 */
#define VHOST_MEM_DOMAIN_CHUNK	(SZ_2M / PAGE_SIZE)

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts, "take devices that do DMA by themselves also where interrupts are not remapped, so that their user can send the host any interrupt (default: N)");

/* ---- what the machine must have ---- */

/**
 * vhost_mem_domain_check() - check that a device can safely be given to a user
 * @cdev: the instance, for messages
 * @dma_dev: the device that does the DMA
 *
 * Context: process context.
 * Return: 0; -EOPNOTSUPP if the host would not be safe from the device; the log
 * says why.
 */
int vhost_mem_domain_check(struct mdev_class_device *cdev,
			   struct device *dma_dev)
{
	struct iommu_group *group = iommu_group_get(dma_dev);
	bool isolated;

	if (!group) {
		mdev_class_error(cdev,
				 "%s is behind no IOMMU: enable it in the firmware and by intel_iommu=on or its like on the kernel's command line",
				 dev_name(dma_dev));
		return -EOPNOTSUPP;
	}
	isolated = iommu_group_has_isolated_msi(group);
	iommu_group_put(group);

	if (!isolated && !allow_unsafe_interrupts) {
		mdev_class_error(cdev,
				 "the interrupts of %s are not remapped: enable interrupt remapping in the firmware and on the kernel's command line (no intremap=off), or trust the user and set vhost_mdev.allow_unsafe_interrupts",
				 dev_name(dma_dev));
		return -EOPNOTSUPP;
	}
	if (!device_iommu_capable(dma_dev, IOMMU_CAP_CACHE_COHERENCY)) {
		mdev_class_error(cdev,
				 "DMA of %s is not coherent with the CPUs' caches, which its user could not mend",
				 dev_name(dma_dev));
		return -EOPNOTSUPP;
	}
	return 0;
}

/* ---- life ---- */

static int vhost_mem_domain_attach(struct vhost_mem_domain *md,
				   struct device *dma_dev)
{
	int ret;

	/*
	 * From here on the device reaches nothing but what is mapped here.
	 * Pairs with iommu_group_release_dma_owner() in
	 * vhost_mem_domain_close().
	 */
	ret = iommu_group_claim_dma_owner(md->group, md);
	if (ret) {
		dev_notice_ratelimited(md->dev,
				       "somebody else has the IOMMU group of %s: a VFIO container or a driver\n",
				       dev_name(dma_dev));
		return -EBUSY;
	}

	md->domain = iommu_paging_domain_alloc(dma_dev);
	if (IS_ERR(md->domain)) {
		ret = PTR_ERR(md->domain);
		goto err_owner;
	}
	ret = iommu_attach_group(md->domain, md->group);
	if (ret)
		goto err_domain;
	ret = iommu_get_group_resv_regions(md->group, &md->reserved);
	if (ret)
		goto err_detach;
	return 0;

err_detach:
	iommu_detach_group(md->domain, md->group);
err_domain:
	iommu_domain_free(md->domain);
err_owner:
	iommu_group_release_dma_owner(md->group);
	return ret;
}

static void vhost_mem_domain_forget_reserved(struct vhost_mem_domain *md)
{
	struct iommu_resv_region *region, *next;

	list_for_each_entry_safe(region, next, &md->reserved, list)
		kfree(region);
}

/**
 * vhost_mem_domain_open() - put a device into a domain in which nothing is mapped
 * @dev: the instance, for messages
 * @dma_dev: the device that does the DMA, reset
 *
 * Context: process context; sleeps.
 * Return: the domain; an ERR_PTR(): -EBUSY if the IOMMU group has another user,
 * -ENOMEM, or what the IOMMU's driver says.
 */
struct vhost_mem_domain *vhost_mem_domain_open(struct device *dev,
					       struct device *dma_dev)
{
	struct vhost_mem_domain *md;
	int ret;

	md = kzalloc(sizeof(*md), GFP_KERNEL_ACCOUNT);
	if (!md)
		return ERR_PTR(-ENOMEM);
	md->dev = dev;
	INIT_LIST_HEAD(&md->reserved);
	/* Pairs with iommu_group_put() in vhost_mem_domain_close() */
	md->group = iommu_group_get(dma_dev);
	if (!md->group) {
		kfree(md);
		return ERR_PTR(-ENODEV);
	}

	ret = vhost_mem_domain_attach(md, dma_dev);
	if (ret) {
		vhost_mem_domain_forget_reserved(md);
		iommu_group_put(md->group);
		kfree(md);
		return ERR_PTR(ret);
	}
	return md;
}

/**
 * vhost_mem_domain_close() - undo vhost_mem_domain_open()
 * @md: the domain; everything was unmapped
 *
 * Context: process context; sleeps.
 */
void vhost_mem_domain_close(struct vhost_mem_domain *md)
{
	iommu_detach_group(md->domain, md->group);
	iommu_domain_free(md->domain);
	iommu_group_release_dma_owner(md->group);
	vhost_mem_domain_forget_reserved(md);
	iommu_group_put(md->group);
	kfree(md);
}

/* ---- ranges ---- */

/**
 * vhost_mem_domain_range() - which addresses the device can use
 * @md: the domain
 * @first: result: the first one
 * @last: result: the last one
 *
 * Between them may be some that are reserved.
 *
 * Context: any.
 */
void vhost_mem_domain_range(const struct vhost_mem_domain *md, u64 *first,
			    u64 *last)
{
	const struct iommu_domain_geometry *geometry = &md->domain->geometry;

	*first = geometry->force_aperture ? geometry->aperture_start : 0;
	*last = geometry->force_aperture ? geometry->aperture_end : U64_MAX;
}

/*
 * RESV_DIRECT_RELAXABLE ranges are needed only until a driver takes over the
 * device, so they may be used.
 */
static bool vhost_mem_domain_is_reserved(const struct iommu_resv_region *region,
					 u64 first, u64 last)
{
	return region->type != IOMMU_RESV_DIRECT_RELAXABLE &&
	       region->start <= last &&
	       first <= region->start + region->length - 1;
}

/**
 * vhost_mem_domain_allows() - whether addresses can be mapped
 * @md: the domain
 * @first: number of the first page
 * @last: number of the last page
 *
 * Context: process context.
 * Return: false if the device cannot use them, or if they are reserved, for
 * example for the registers that receive interrupts.
 */
bool vhost_mem_domain_allows(const struct vhost_mem_domain *md,
			     unsigned long first, unsigned long last)
{
	u64 first_iova = (u64)first << PAGE_SHIFT;
	u64 last_iova = ((u64)last << PAGE_SHIFT) + PAGE_SIZE - 1;
	const struct iommu_resv_region *region;
	u64 lowest, highest;

	vhost_mem_domain_range(md, &lowest, &highest);
	if (first_iova < lowest || last_iova > highest) {
		dev_notice_ratelimited(md->dev,
				       "the device cannot use the addresses %#llx to %#llx: see GET_IOVA_RANGE\n",
				       first_iova, last_iova);
		return false;
	}
	list_for_each_entry(region, &md->reserved, list) {
		if (!vhost_mem_domain_is_reserved(region, first_iova,
						  last_iova))
			continue;
		dev_notice_ratelimited(md->dev,
				       "the addresses %#llx to %#llx are reserved in part: see reserved_regions of the IOMMU group\n",
				       first_iova, last_iova);
		return false;
	}
	return true;
}

/* ---- mappings ---- */

static int vhost_mem_domain_prot(unsigned int state)
{
	int prot = IOMMU_CACHE;

	if (state & MDEV_MEM_READ)
		prot |= IOMMU_READ;
	if (state & MDEV_MEM_WRITE)
		prot |= IOMMU_WRITE;
	return prot;
}

/* How many pages, beginning with the first, are contiguous within a chunk */
static unsigned long vhost_mem_domain_run(unsigned long index,
					  struct page **pages, unsigned long n)
{
	unsigned long max = VHOST_MEM_DOMAIN_CHUNK -
			    index % VHOST_MEM_DOMAIN_CHUNK;
	unsigned long run = 1;

	n = min(n, max);
	while (run < n &&
	       page_to_pfn(pages[run]) == page_to_pfn(pages[0]) + run)
		run++;
	return run;
}

/*
 * Unmap a range, which may have holes.  Neither end of it may lie within an entry
 * of the IOMMU's tables.
 */
static void vhost_mem_domain_unmap_range(struct vhost_mem_domain *md,
					 unsigned long first,
					 unsigned long last)
{
	unsigned long iova = first << PAGE_SHIFT;
	size_t size = (last - first + 1) << PAGE_SHIFT;
	size_t done;

	while (size) {
		done = iommu_unmap(md->domain, iova, size);
		/* iommu_unmap() stops at a hole. */
		done = min(done ?: PAGE_SIZE, size);
		iova += done;
		size -= done;
	}
}

/**
 * vhost_mem_domain_map() - let the device reach some pages
 * @md: the domain
 * @index: number of the first page of the device's addresses; these are allowed,
 *	and nothing is mapped there
 * @pages: the pages, pinned
 * @n: how many
 * @state: MDEV_PAGE_RO, MDEV_PAGE_WO or MDEV_PAGE_RW
 *
 * Context: process context; sleeps.  Serialised by the caller.
 * Return: 0; -ENOMEM or another error of the IOMMU's driver, and then none of the
 * pages is mapped.
 */
int vhost_mem_domain_map(struct vhost_mem_domain *md, unsigned long index,
			 struct page **pages, unsigned long n,
			 unsigned int state)
{
	int prot = vhost_mem_domain_prot(state), ret;
	unsigned long done, run;

	for (done = 0; done < n; done += run) {
		run = vhost_mem_domain_run(index + done, pages + done,
					   n - done);
		ret = iommu_map(md->domain, (index + done) << PAGE_SHIFT,
				page_to_phys(pages[done]), run << PAGE_SHIFT,
				prot, GFP_KERNEL_ACCOUNT);
		if (ret)
			goto err;
	}
	return 0;

err:
	/* Run by run, as they were mapped: no entry is larger than a run. */
	for (n = done, done = 0; done < n; done += run) {
		run = vhost_mem_domain_run(index + done, pages + done,
					   n - done);
		vhost_mem_domain_unmap_range(md, index + done,
					     index + done + run - 1);
	}
	return ret;
}

/*
 * Find the next contiguous range of mapped pages from *@first on, and up to @max.
 * Returns true with the range in *@first and *@last, or false if there is none.
 */
static bool vhost_mem_domain_next(struct xarray *pages, unsigned long *first,
				  unsigned long *last, unsigned long max)
{
	XA_STATE(xas, pages, *first);
	bool found;

	rcu_read_lock();
	found = xas_find(&xas, max);
	*first = xas.xa_index;
	*last = *first;
	/* At most one chunk at a time, so that the caller can reschedule */
	max = min(max, *first | (VHOST_MEM_DOMAIN_CHUNK - 1));
	while (found && *last < max && xas_next(&xas))
		(*last)++;
	rcu_read_unlock();
	return found;
}

/* Whether a boundary of a range may lie within an entry of the IOMMU's tables */
static bool vhost_mem_domain_cuts(struct xarray *pages, unsigned long index)
{
	return index % VHOST_MEM_DOMAIN_CHUNK && xa_load(pages, index - 1) &&
	       xa_load(pages, index);
}

/* Map again what had to be unmapped because of its neighbours. */
static int vhost_mem_domain_restore(struct vhost_mem_domain *md,
				    struct xarray *pages, unsigned long first,
				    unsigned long end)
{
	unsigned long index;
	struct page *page;
	int ret, err = 0;
	void *entry;

	for (index = first; index < end; index++) {
		entry = xa_load(pages, index);
		if (!entry)
			continue;
		page = pfn_to_page(mdev_page_entry_pfn(entry));
		ret = vhost_mem_domain_map(md, index, &page, 1,
					   mdev_page_entry_state(entry));
		err = err ?: ret;
	}
	return err;
}

/**
 * vhost_mem_domain_unmap() - take pages from the device
 * @md: the domain
 * @pages: all that are mapped, by page number; values from mdev_page_entry()
 * @first: number of the first one
 * @last: number of the last one
 *
 * When this returns, the device reaches none of them.  If they are only part of a
 * mapping, the device also loses the rest of it for a moment, within the same
 * 2 MiB.
 *
 * Context: process context; sleeps.  Serialised by the caller.
 * Return: 0; -ENOMEM if the device has lost more than these pages, because memory
 * was short.
 */
int vhost_mem_domain_unmap(struct vhost_mem_domain *md, struct xarray *pages,
			   unsigned long first, unsigned long last)
{
	unsigned long from = first, to = last, run_first, run_last;
	int ret, err;

	if (vhost_mem_domain_cuts(pages, first))
		from = round_down(first, VHOST_MEM_DOMAIN_CHUNK);
	if (vhost_mem_domain_cuts(pages, last + 1))
		to = last | (VHOST_MEM_DOMAIN_CHUNK - 1);

	for (run_first = from;
	     vhost_mem_domain_next(pages, &run_first, &run_last, to);
	     run_first = run_last + 1) {
		vhost_mem_domain_unmap_range(md, run_first, run_last);
		cond_resched();
	}

	ret = vhost_mem_domain_restore(md, pages, from, first);
	err = to > last ? vhost_mem_domain_restore(md, pages, last + 1, to + 1) :
			  0;
	if (ret || err)
		dev_warn_ratelimited(md->dev,
				     "memory is short: the device has lost more than what was to be unmapped\n");
	return ret ?: err;
}
