/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_MM_H
#define _COMPAT_MM_H

#ifndef COMPAT_HAVE_VM_FLAGS_SET
#include <linux/mm.h>

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#ifndef COMPAT_HAVE_ZAP_SPECIAL_VMA_RANGE
#include <linux/mm.h>

#define zap_special_vma_range(vma, address, size) \
	zap_vma_ptes(vma, address, size)
#endif

#endif /* _COMPAT_MM_H */
