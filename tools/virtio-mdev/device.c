// SPDX-License-Identifier: GPL-2.0-only
/* The types of devices, by their numbers in section 5 of the virtio specification. */
#include "tool.h"

static const char *const devices[] = {
	[1] = "net",
	[2] = "block",
	[3] = "console",
	[4] = "rng",
	[5] = "balloon",
	[8] = "scsi",
	[9] = "9p",
	[16] = "gpu",
	[18] = "input",
	[19] = "vsock",
	[20] = "crypto",
	[23] = "iommu",
	[24] = "mem",
	[25] = "sound",
	[26] = "fs",
	[27] = "pmem",
	[34] = "i2c",
	[41] = "gpio",
};

const char *device_name(unsigned int device_id)
{
	if (device_id < ARRAY_SIZE(devices) && devices[device_id])
		return devices[device_id];
	return "unknown";
}
