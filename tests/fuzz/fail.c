// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the unit tests' memory and driver do if something does not hold.
 */

#include "unit.h"

void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}
