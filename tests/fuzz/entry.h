/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FUZZ_ENTRY_H
#define _FUZZ_ENTRY_H

#include <kernel_shim.h>

/* One run, under the name that libFuzzer knows */
int fuzz_run(const u8 *data, size_t size) __asm__("LLVMFuzzerTestOneInput");

#endif /* _FUZZ_ENTRY_H */
