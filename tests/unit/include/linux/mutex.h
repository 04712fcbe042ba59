/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MUTEX_H
#define _LINUX_MUTEX_H

#include <kernel_shim.h>

struct mutex { bool held; };

#define mutex_init(m)		((void)((m)->held = false))
#define mutex_destroy(m)	assert(!(m)->held)
#define lockdep_assert_held(m)	assert((m)->held)

static inline void mutex_lock(struct mutex *m)
{
	assert(!m->held);
	m->held = true;
}

static inline int mutex_lock_killable(struct mutex *m)
{
	mutex_lock(m);
	return 0;
}

static inline void mutex_unlock(struct mutex *m)
{
	assert(m->held);
	m->held = false;
}

#endif
