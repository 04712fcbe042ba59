// SPDX-License-Identifier: GPL-2.0-only
/* vfio answers VFIO_DEVICE_GET_REGION_INFO by an operation of its own. */
#include <linux/vfio.h>

static_assert(__same_type(((struct vfio_device_ops *)NULL)->get_region_info_caps,
			  int (*)(struct vfio_device *,
				  struct vfio_region_info *,
				  struct vfio_info_cap *)));
