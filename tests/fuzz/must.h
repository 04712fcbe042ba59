/* SPDX-License-Identifier: GPL-2.0-only */
/* What must hold, whatever an input says. */
#ifndef _FUZZ_MUST_H
#define _FUZZ_MUST_H

/* As CHECK(), with a word about what it means */
#define MUST(cond, ...) do {						\
	if (!(cond))							\
		fuzz_die(__FILE__, __LINE__, #cond, __VA_ARGS__);	\
} while (0)

__attribute__((format(printf, 4, 5), noreturn))
void fuzz_die(const char *file, int line, const char *cond, const char *fmt,
	      ...);

#endif /* _FUZZ_MUST_H */
