/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IOMMU of a device that does DMA by itself, programmed with IOTLB messages.
 */
#ifndef _VHOST_MDEV_MEM_DOMAIN_H
#define _VHOST_MDEV_MEM_DOMAIN_H

#include <linux/list.h>
#include <linux/types.h>

struct device;
struct iommu_domain;
struct iommu_group;
struct mdev_class_device;
struct page;
struct xarray;

/**
 * struct vhost_mem_domain - a domain of our own, to which a device is attached
 * @dev: the instance, in messages
 * @group: the IOMMU group of the device that does the DMA; a reference, and we
 *	have claimed its DMA
 * @domain: translates the device's addresses; attached to @group
 * @reserved: ranges of addresses that cannot be mapped, struct iommu_resv_region
 *
 * The device reaches the pages that are mapped here.  The caller that maps them
 * keeps them pinned, and keeps track of them by page number.
 */
struct vhost_mem_domain {
	struct device *dev;
	struct iommu_group *group;
	struct iommu_domain *domain;
	struct list_head reserved;
};

int vhost_mem_domain_check(struct mdev_class_device *cdev,
			   struct device *dma_dev);
struct vhost_mem_domain *vhost_mem_domain_open(struct device *dev,
					       struct device *dma_dev);
void vhost_mem_domain_close(struct vhost_mem_domain *md);
void vhost_mem_domain_range(const struct vhost_mem_domain *md, u64 *first,
			    u64 *last);
bool vhost_mem_domain_allows(const struct vhost_mem_domain *md,
			     unsigned long first, unsigned long last);
int vhost_mem_domain_map(struct vhost_mem_domain *md, unsigned long index,
			 struct page **pages, unsigned long n,
			 unsigned int state);
int vhost_mem_domain_unmap(struct vhost_mem_domain *md, struct xarray *pages,
			   unsigned long first, unsigned long last);

#endif /* _VHOST_MDEV_MEM_DOMAIN_H */
