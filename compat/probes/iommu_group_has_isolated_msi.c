// SPDX-License-Identifier: GPL-2.0-only
/* A group tells whether its interrupts are remapped. */
#include <linux/iommu.h>

bool ask(struct iommu_group *group)
{
	return iommu_group_has_isolated_msi(group);
}
