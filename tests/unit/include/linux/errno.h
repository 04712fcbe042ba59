/* SPDX-License-Identifier: GPL-2.0-only */
/* Of the system's own headers too, whose errno.h comes by here. */
#include_next <linux/errno.h>
