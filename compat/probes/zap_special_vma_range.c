// SPDX-License-Identifier: GPL-2.0-only
/* What zaps a mapping of registers is called so: it was zap_vma_ptes(). */
#include <linux/mm.h>

void zap(struct vm_area_struct *vma)
{
	zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);
}
