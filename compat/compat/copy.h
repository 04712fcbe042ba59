/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_COPY_H
#define _COMPAT_COPY_H

#include <linux/string.h>

#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#include <linux/kasan-checks.h>

/* From so many bytes on a string instruction pays for its start */
#define COMPAT_COPY_LONG	512

/*
 * On x86 memcpy() is a string instruction only if the CPU is fast at short ones, too,
 * and else a loop of eight-byte moves.  For the payload of a super-frame or of a disk
 * the instruction is faster wherever the kernel copies pages by it.
 */
static __always_inline void compat_copy_long(void *to, const void *from, size_t len)
{
	size_t words = len / sizeof(u64);

	if (len >= COMPAT_COPY_LONG && cpu_feature_enabled(X86_FEATURE_REP_GOOD) &&
	    !cpu_feature_enabled(X86_FEATURE_FSRM)) {
		kasan_check_read(from, len);
		kasan_check_write(to, len);
		asm volatile("rep movsq"
			     : "+D" (to), "+S" (from), "+c" (words) : : "memory");
		len %= sizeof(u64);
	}
	memcpy(to, from, len);
}
#else
static __always_inline void compat_copy_long(void *to, const void *from, size_t len)
{
	memcpy(to, from, len);
}
#endif

#endif /* _COMPAT_COPY_H */
