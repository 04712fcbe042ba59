// SPDX-License-Identifier: GPL-2.0-only
/* struct class::dev_uevent takes a const device. */
#include <linux/device.h>

static_assert(__same_type(((const struct class *)NULL)->dev_uevent,
			  int (*)(const struct device *,
				  struct kobj_uevent_env *)));
