/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _COMPAT_VFIO_H
#define _COMPAT_VFIO_H

/* Last statement of a release operation */
#ifdef COMPAT_HAVE_VFIO_RELEASE_FREES
#define compat_vfio_free_device(vdev)	((void)(vdev))
#else
#define compat_vfio_free_device(vdev)	vfio_free_device(vdev)
#endif

/* Members of struct vfio_device_ops of a device without an IOMMU of its own */
#ifdef COMPAT_HAVE_VFIO_IOMMUFD_EMULATED_DETACH
#define COMPAT_VFIO_IOMMUFD_EMULATED_OPS				\
	.bind_iommufd = vfio_iommufd_emulated_bind,			\
	.unbind_iommufd = vfio_iommufd_emulated_unbind,			\
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,		\
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#elif defined(COMPAT_HAVE_VFIO_IOMMUFD_EMULATED)
#define COMPAT_VFIO_IOMMUFD_EMULATED_OPS				\
	.bind_iommufd = vfio_iommufd_emulated_bind,			\
	.unbind_iommufd = vfio_iommufd_emulated_unbind,			\
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
#else
#define COMPAT_VFIO_IOMMUFD_EMULATED_OPS
#endif

/* The same of one that has an IOMMU; they came together. */
#ifdef COMPAT_HAVE_VFIO_IOMMUFD_EMULATED_DETACH
#define COMPAT_VFIO_IOMMUFD_PHYSICAL_OPS				\
	.bind_iommufd = vfio_iommufd_physical_bind,			\
	.unbind_iommufd = vfio_iommufd_physical_unbind,			\
	.attach_ioas = vfio_iommufd_physical_attach_ioas,		\
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#elif defined(COMPAT_HAVE_VFIO_IOMMUFD_EMULATED)
#define COMPAT_VFIO_IOMMUFD_PHYSICAL_OPS				\
	.bind_iommufd = vfio_iommufd_physical_bind,			\
	.unbind_iommufd = vfio_iommufd_physical_unbind,			\
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
#else
#define COMPAT_VFIO_IOMMUFD_PHYSICAL_OPS
#endif

/*
 * Is the memory of an open device without an IOMMU of its own that of an iommufd,
 * and not of a container?
 */
#ifdef COMPAT_HAVE_VFIO_IOMMUFD_ACCESS
#define compat_vfio_is_iommufd(vdev)	(!!(vdev)->iommufd_access)
#else
#define compat_vfio_is_iommufd(vdev)	((void)(vdev), false)
#endif

/*
 * The operations of a device that logs DMA.  Where the kernel has only stubs for the
 * bitmap that such a log is reported in, vfio would offer them, and each report would
 * fail; then they are left out.
 */
#ifdef COMPAT_HAVE_IOVA_BITMAP
#define compat_vfio_log_ops(ops)	(ops)
#else
#define compat_vfio_log_ops(ops)	((void)(ops), NULL)
#endif

/*
 * compat_vfio_get_region_info(vdev, argp, fn): answer
 * VFIO_DEVICE_GET_REGION_INFO by a function of the type of
 * vfio_device_ops::get_region_info_caps.  For the ioctl operation: a kernel that
 * has the member never calls it for this one, but an older one does.
 * COMPAT_VFIO_REGION_INFO_OP(fn) is the member, with its comma.
 */
#include <linux/errno.h>
#include <linux/compiler_types.h>

struct vfio_device;
struct vfio_info_cap;
struct vfio_region_info;

#ifdef COMPAT_HAVE_VFIO_GET_REGION_INFO_CAPS
#define COMPAT_VFIO_REGION_INFO_OP(fn)	.get_region_info_caps = fn,

static inline long
compat_vfio_get_region_info(struct vfio_device *vdev, void __user *argp,
			    int (*fn)(struct vfio_device *vdev,
				      struct vfio_region_info *info,
				      struct vfio_info_cap *caps))
{
	return -ENOTTY;
}
#else
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#define COMPAT_VFIO_REGION_INFO_OP(fn)

static inline long
compat_vfio_get_region_info(struct vfio_device *vdev, void __user *argp,
			    int (*fn)(struct vfio_device *vdev,
				      struct vfio_region_info *info,
				      struct vfio_info_cap *caps))
{
	const size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_info_cap caps = { .buf = NULL, .size = 0 };
	struct vfio_region_info info = {};
	long ret;

	if (copy_from_user(&info, argp, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	ret = fn(vdev, &info, &caps);
	if (ret)
		goto out;

	if (caps.size) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info.argsz < sizeof(info) + caps.size) {
			info.argsz = sizeof(info) + caps.size;
			info.cap_offset = 0;
		} else {
			vfio_info_cap_shift(&caps, sizeof(info));
			if (copy_to_user(argp + sizeof(info), caps.buf,
					 caps.size)) {
				ret = -EFAULT;
				goto out;
			}
			info.cap_offset = sizeof(info);
		}
	}
	if (copy_to_user(argp, &info, minsz))
		ret = -EFAULT;
out:
	kfree(caps.buf);
	return ret;
}
#endif

/*
 * Migration: COMPAT_VFIO_MIG_DATA_SIZE_OP(fn) is a member of struct vfio_migration_ops,
 * with its comma; COMPAT_VFIO_MIGRATION_PRE_COPY the flag of pre-copy, or 0.  The two
 * came together.
 */
#ifdef COMPAT_HAVE_VFIO_MIGRATION_PRE_COPY
#define COMPAT_VFIO_MIG_DATA_SIZE_OP(fn)	.migration_get_data_size = fn,
#define COMPAT_VFIO_MIGRATION_PRE_COPY		VFIO_MIGRATION_PRE_COPY
#else
#include <linux/types.h>
#include <linux/vfio.h>

#define COMPAT_VFIO_MIG_DATA_SIZE_OP(fn)
#define COMPAT_VFIO_MIGRATION_PRE_COPY		0
#define VFIO_DEVICE_STATE_PRE_COPY		6
#define VFIO_DEVICE_STATE_PRE_COPY_P2P		7
#define VFIO_MIG_GET_PRECOPY_INFO		_IO(VFIO_TYPE, VFIO_BASE + 21)

struct vfio_precopy_info {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 initial_bytes;
	__aligned_u64 dirty_bytes;
};
#endif

#endif /* _COMPAT_VFIO_H */
