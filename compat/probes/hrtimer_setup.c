// SPDX-License-Identifier: GPL-2.0-only
/* hrtimer_init() and its assignment are one call. */
#include <linux/hrtimer.h>

void setup(struct hrtimer *timer, enum hrtimer_restart (*fn)(struct hrtimer *))
{
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
}
