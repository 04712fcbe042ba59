/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_KTHREAD_H
#define _COMPAT_KTHREAD_H

#ifndef COMPAT_HAVE_KTHREAD_RUN_WORKER
#include <linux/kthread.h>

/* What creates a worker also started it, before there were two functions. */
#define kthread_run_worker(flags, namefmt, ...) \
	kthread_create_worker(flags, namefmt, ##__VA_ARGS__)
#endif

#endif /* _COMPAT_KTHREAD_H */
