/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_EVENTFD_H
#define _COMPAT_EVENTFD_H

#ifndef COMPAT_HAVE_EVENTFD_SIGNAL_ONE_ARG
#include <linux/eventfd.h>

static inline void compat_eventfd_signal(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx, 1);
}

#define eventfd_signal(ctx)	compat_eventfd_signal(ctx)
#endif

#endif /* _COMPAT_EVENTFD_H */
