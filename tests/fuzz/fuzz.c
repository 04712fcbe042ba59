// SPDX-License-Identifier: GPL-2.0-only
/*
 * One run: the input begins with what was negotiated, the ring and some tables,
 * and goes on as a script, one byte an operation, with its arguments behind it.
 */

#include "fuzz.h"

int fuzz_run(const u8 *data, size_t size)
{
	struct fuzz *f = calloc(1, sizeof(*f));
	unsigned int n;

	window_init();
	f->pos = data;
	f->end = data + size;
	f->packed = FUZZ_PACKED;
	f->mutate = FUZZ_MUTATE;
	shim_fail_alloc = false;
	memory_init(f);
	fuzz = f;
	life_begin(f);

	for (n = 0; n < MAX_OPS && f->pos < f->end; n++) {
		u8 byte = in8(f), op = byte & 31, variant = byte >> 5;

		if (op < OP_DRIVER_END)
			driver_step(f, op, variant);
		else if (op < OP_DEVICE_END)
			device_step(f, op, variant);
		else
			life_step(f, op, variant);
	}

	life_end(f);
	fuzz = NULL;
	memory_destroy(f);
	free(f);
	return 0;
}
