/* SPDX-License-Identifier: GPL-2.0-only */
/* How C programs say what became of a check: as tests/report.sh does. */
#ifndef REPORT_H
#define REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * report() - print the line of a check
 * @good: it passed
 * @where: what is tested, or NULL if whoever reads the line adds that
 * @fmt: the check's name
 * @args: for @fmt
 */
static inline void report(bool good, const char *where, const char *fmt,
			  va_list args)
{
	printf("%s - ", good ? "ok" : "not ok");
	if (where)
		printf("%s: ", where);
	vprintf(fmt, args);
	putchar('\n');
	/* A program that dies later has said it. */
	fflush(stdout);
}

#endif
