/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests need of iommufd and of VFIO's device nodes, by names of their
 * own: Debian 12 has no header for it, and newer headers do not collide.
 */
#ifndef IOMMUFD_H
#define IOMMUFD_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* ---- /dev/iommu ---- */

#define VM_IOAS_ALLOC		_IO(';', 0x81)
#define VM_IOAS_MAP		_IO(';', 0x85)
#define VM_IOAS_UNMAP		_IO(';', 0x86)

struct vm_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 ioas;		/* result */
};

#define VM_IOAS_FIXED_IOVA	0x1
#define VM_IOAS_WRITE		0x2
#define VM_IOAS_READ		0x4

struct vm_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas;
	__u32 reserved;
	__aligned_u64 va;
	__aligned_u64 length;
	__aligned_u64 iova;
};

struct vm_ioas_unmap {
	__u32 size;
	__u32 ioas;
	__aligned_u64 iova;
	__aligned_u64 length;	/* result: what was unmapped */
};

/* ---- the node of a VFIO device ---- */

#define VM_VFIO_BIND		_IO(';', 100 + 18)
#define VM_VFIO_ATTACH		_IO(';', 100 + 19)
#define VM_VFIO_DETACH		_IO(';', 100 + 20)

struct vm_vfio_bind {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 devid;		/* result */
};

struct vm_vfio_attach {
	__u32 argsz;
	__u32 flags;
	__u32 ioas;
};

struct vm_vfio_detach {
	__u32 argsz;
	__u32 flags;
};

#endif /* IOMMUFD_H */
