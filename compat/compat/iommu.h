/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_IOMMU_H
#define _COMPAT_IOMMU_H

#ifndef COMPAT_HAVE_IOMMU_MAP_GFP
#include <linux/iommu.h>

static inline int compat_iommu_map(struct iommu_domain *domain,
				   unsigned long iova, phys_addr_t paddr,
				   size_t size, int prot, gfp_t gfp)
{
	return iommu_map(domain, iova, paddr, size, prot);
}

#define iommu_map	compat_iommu_map
#endif

#ifndef COMPAT_HAVE_IOMMU_PAGING_DOMAIN_ALLOC
#include <linux/device.h>
#include <linux/iommu.h>

static inline struct iommu_domain *iommu_paging_domain_alloc(struct device *dev)
{
	struct iommu_domain *domain = iommu_domain_alloc(dev->bus);

	return domain ?: ERR_PTR(-ENOMEM);
}
#endif

#ifndef COMPAT_HAVE_IOMMU_GROUP_HAS_ISOLATED_MSI
#include <linux/iommu.h>
#include <linux/irqdomain.h>

static inline int compat_lacks_isolated_msi(struct device *dev, void *data)
{
	return !device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP);
}

static inline bool iommu_group_has_isolated_msi(struct iommu_group *group)
{
	return irq_domain_check_msi_remap() ||
	       !iommu_group_for_each_dev(group, NULL,
					 compat_lacks_isolated_msi);
}
#endif

#endif /* _COMPAT_IOMMU_H */
