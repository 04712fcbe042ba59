/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_SCHED_H
#define _COMPAT_SCHED_H

#include <linux/sched.h>

/*
 * PF_USER_WORKER: a thread of the kernel that belongs to a program.  At first only
 * io_uring had such ones.
 */
#ifndef PF_USER_WORKER
#define PF_USER_WORKER		PF_IO_WORKER
#endif

#endif /* _COMPAT_SCHED_H */
