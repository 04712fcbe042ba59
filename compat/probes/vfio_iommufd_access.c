// SPDX-License-Identifier: GPL-2.0-only
/* The kernel was configured with iommufd, and a VFIO device says that one has it. */
#include <linux/vfio.h>

struct iommufd_access *access_of(struct vfio_device *vdev);

struct iommufd_access *access_of(struct vfio_device *vdev)
{
	return vdev->iommufd_access;
}
