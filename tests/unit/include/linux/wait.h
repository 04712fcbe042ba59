/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_WAIT_H
#define _LINUX_WAIT_H

#include <kernel_shim.h>

typedef struct { int unused; } wait_queue_head_t;

#define init_waitqueue_head(q)	((void)(q))
/* Nobody waits while a hold ends, except in the loop below. */
#define waitqueue_active(q)	((void)(q), false)
#define wake_up(q)		((void)(q))

/* Looks once for each jiffy, as if it were woken then. */
#define wait_event_timeout(q, cond, timeout)				\
({									\
	long _left = (timeout);						\
	bool _done;							\
									\
	(void)(q);							\
	while (!(_done = (cond)) && _left) {				\
		_left--;						\
		schedule_timeout_interruptible(1);			\
	}								\
	_done ? (_left ?: 1) : 0;					\
})
#define wait_event_killable_timeout(q, cond, timeout) \
	wait_event_timeout(q, cond, timeout)

#endif
