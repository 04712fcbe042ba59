/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unit tests' kernel, except the accessors of shared memory: each call is
 * seen by the fuzzer.  See access.c.
 */
#ifndef _FUZZ_KERNEL_SHIM_H
#define _FUZZ_KERNEL_SHIM_H

#include_next <kernel_shim.h>

u64 fuzz_load(const volatile void *p, unsigned int size);
void fuzz_store(volatile void *p, unsigned int size, u64 val);
unsigned long fuzz_index(unsigned long i, unsigned long size);

#undef READ_ONCE
#undef WRITE_ONCE
#undef smp_load_acquire
#undef smp_store_release

/* By way of uintptr_t, so that pointers are welcome, too */
#define READ_ONCE(x)	((typeof(x))(uintptr_t)fuzz_load(&(x), sizeof(x)))
#define WRITE_ONCE(x, val) \
	fuzz_store(&(x), sizeof(x), (u64)(uintptr_t)(typeof(x))(val))
#define smp_load_acquire(p)	READ_ONCE(*(p))
#define smp_store_release(p, v)	WRITE_ONCE(*(p), v)

/* Where there may be speculation, the index has been checked. */
#undef array_index_nospec
#define array_index_nospec(i, size)	fuzz_index(i, size)

#endif /* _FUZZ_KERNEL_SHIM_H */
