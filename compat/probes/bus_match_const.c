// SPDX-License-Identifier: GPL-2.0-only
/* struct bus_type::match takes a const driver. */
#include <linux/device.h>

static_assert(__same_type(((const struct bus_type *)NULL)->match,
			  int (*)(struct device *,
				  const struct device_driver *)));
