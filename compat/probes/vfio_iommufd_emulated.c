// SPDX-License-Identifier: GPL-2.0-only
/* A device without an IOMMU of its own can be used by an iommufd. */
#include <linux/vfio.h>

const struct vfio_device_ops ops = {
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
};
