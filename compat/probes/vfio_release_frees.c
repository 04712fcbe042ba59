// SPDX-License-Identifier: GPL-2.0-only
/* vfio frees a device itself after its release operation. */
#include <linux/vfio.h>

/* vfio_free_device() was exported for as long as drivers had to call it */
static int vfio_free_device;

int *no_such_function(void)
{
	return &vfio_free_device;
}
