/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_BAR_H
#define _VFIO_MDEV_BAR_H

#include <linux/types.h>

#include <asm/page.h>

struct vfio_mdev;

/* The structures of virtio 1.2, section 4.1.4, except that for notifications */
#define VFIO_MDEV_BAR_REGISTERS		0
/* The MSI-X table and pending bits; nothing that is mapped shares a page with them */
#define VFIO_MDEV_BAR_MSIX		1
/* A page for each virtqueue; takes two BARs, because its addresses have 64 bits */
#define VFIO_MDEV_BAR_NOTIFY		2
#define VFIO_MDEV_NR_BARS		3

/* Where the structures are in the BAR of registers */
#define VFIO_MDEV_COMMON_OFFSET		0x0000
#define VFIO_MDEV_ISR_OFFSET		0x1000
#define VFIO_MDEV_DEVICE_OFFSET		0x2000

/* Bytes of the notification BAR that belong to one virtqueue */
#define VFIO_MDEV_NOTIFY_STEP		PAGE_SIZE

/* Where a region is in the device fd; as vfio-pci has it */
#define VFIO_MDEV_REGION_SHIFT		40

static inline u64 vfio_mdev_region_offset(unsigned int region)
{
	return (u64)region << VFIO_MDEV_REGION_SHIFT;
}

/**
 * struct vfio_mdev_bar - a BAR of the function
 * @size: in bytes, a power of two
 * @flags: its type, PCI_BASE_ADDRESS_*
 */
struct vfio_mdev_bar {
	u64 size;
	u32 flags;
};

void vfio_mdev_bars_init(struct vfio_mdev *fn);
void vfio_mdev_bar_read(struct vfio_mdev *fn, unsigned int bar, u64 offset,
			u8 *buf, unsigned int len);
void vfio_mdev_bar_write(struct vfio_mdev *fn, unsigned int bar, u64 offset,
			 const u8 *buf, unsigned int len);

#endif /* _VFIO_MDEV_BAR_H */
