// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a fuzzer does if something does not hold.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "must.h"

void fuzz_die(const char *file, int line, const char *cond, const char *fmt,
	      ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: \"%s\" does not hold: ", file, line, cond);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}
