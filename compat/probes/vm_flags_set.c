// SPDX-License-Identifier: GPL-2.0-only
/* The flags of a mapping are changed by a function. */
#include <linux/mm.h>

void set_flag(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTDUMP);
	vm_flags_clear(vma, VM_MAYEXEC);
}
