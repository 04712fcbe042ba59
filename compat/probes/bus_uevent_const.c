// SPDX-License-Identifier: GPL-2.0-only
/* struct bus_type::uevent takes a const device. */
#include <linux/device.h>

static_assert(__same_type(((const struct bus_type *)NULL)->uevent,
			  int (*)(const struct device *,
				  struct kobj_uevent_env *)));
