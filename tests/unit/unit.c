// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the device-side virtqueue library.  Each runs in a process of
 * its own, so that what a sanitizer finds fails that test alone.
 */

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../report.h"
#include "unit.h"

static u32 unit_seed;

/* Below @below, from a sequence that is the same in each run */
u32 unit_random(u32 below)
{
	/* Numerical Recipes' constants; the high bits are the good ones. */
	unit_seed = unit_seed * 1664525 + 1013904223;
	return ((u64)unit_seed * below) >> 32;
}

void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static bool unit_run(const struct unit_test *test)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid) {
		unit_seed = 1;
		alarm(120);
		test->run();
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid) {
		perror("waitpid");
		exit(2);
	}
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void unit_report(bool good, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	report(good, "unit", name, args);
	va_end(args);
}

int main(int argc, char **argv)
{
	static const struct unit_test *const all[] = {
		life_tests, ring_tests, hostile_tests, packed_tests,
		packed_state_tests, packed_hostile_tests, iter_tests, tlb_tests,
		section_tests, hold_tests, order_tests, doorbell_tests, stream_tests,
		sample_state_tests, kept_tests,
	};
	const struct unit_test *test;
	bool all_good = true, good;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (test = all[i]; test->name; test++) {
			/* An argument picks the tests whose name has it. */
			if (argc > 1 && !strstr(test->name, argv[1]))
				continue;
			good = unit_run(test);
			unit_report(good, "%s", test->name);
			all_good &= good;
		}
	}
	return !all_good;
}
