// SPDX-License-Identifier: GPL-2.0-only
/* Compiles with no kernel; if it does, no other probe means anything. */
#include <linux/module.h>
#include <linux/device.h>

int control_bad(struct device *dev)
{
	return device_that_nobody_has(dev);
}
