// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsc-khz - print the frequency of this machine's time stamp counter in kHz
 *
 * An emulated guest has the same counter.  Its kernel measures the frequency with
 * an emulated timer, and on a busy host the result may be wrong by a factor of
 * ten, and all of the guest's time with it.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>

struct sample {
	uint64_t ticks;
	int64_t ns;
};

/* Both clocks at the same moment: of many tries the one that took least. */
static struct sample both(void)
{
	uint64_t least = UINT64_MAX;
	struct sample best = { 0 };
	int i;

	for (i = 0; i < 1000; i++) {
		uint64_t before, after;
		struct timespec ts;

		before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
		after = __rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		best.ticks = before + least / 2;
		best.ns = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	struct sample from, to;

	from = both();
	nanosleep(&pause, NULL);
	to = both();
	printf("%llu\n", (unsigned long long)((to.ticks - from.ticks) * 1000000 /
					      (uint64_t)(to.ns - from.ns)));
	return 0;
}
#else
int main(void)
{
	return 1;
}
#endif
