// SPDX-License-Identifier: GPL-2.0-only
/* eventfd_signal() always adds one. */
#include <linux/eventfd.h>

void eventfd_signal_one_arg(struct eventfd_ctx *ctx)
{
	eventfd_signal(ctx);
}
