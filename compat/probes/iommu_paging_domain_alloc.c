// SPDX-License-Identifier: GPL-2.0-only
/* A domain is allocated for a device. */
#include <linux/iommu.h>

struct iommu_domain *alloc(struct device *dev)
{
	return iommu_paging_domain_alloc(dev);
}
