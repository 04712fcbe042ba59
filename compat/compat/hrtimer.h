/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_HRTIMER_H
#define _COMPAT_HRTIMER_H

#ifndef COMPAT_HAVE_HRTIMER_SETUP
#include <linux/hrtimer.h>

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*fn)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
}
#endif

#endif /* _COMPAT_HRTIMER_H */
