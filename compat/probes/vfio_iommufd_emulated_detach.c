// SPDX-License-Identifier: GPL-2.0-only
/* ... and be taken from one address space and given another. */
#include <linux/vfio.h>

const struct vfio_device_ops ops = {
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};
