/* SPDX-License-Identifier: GPL-2.0-only */
/* What libFuzzer has to change bytes, and what it calls to change an input */
#ifndef _FUZZ_STREAM_MUTATE_H
#define _FUZZ_STREAM_MUTATE_H

#include <kernel_shim.h>

size_t fuzz_mutate(u8 *data, size_t size, size_t max)
	__asm__("LLVMFuzzerMutate");
size_t fuzz_change(u8 *data, size_t size, size_t max, unsigned int seed)
	__asm__("LLVMFuzzerCustomMutator");

#endif /* _FUZZ_STREAM_MUTATE_H */
