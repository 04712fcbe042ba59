// SPDX-License-Identifier: GPL-2.0-only
/* Creating a worker and starting it are two calls, and this one does both. */
#include <linux/kthread.h>

struct kthread_worker *run(void)
{
	return kthread_run_worker(0, "worker");
}
