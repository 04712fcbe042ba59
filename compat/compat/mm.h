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

#endif /* _COMPAT_MM_H */
