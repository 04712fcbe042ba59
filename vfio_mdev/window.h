/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_WINDOW_H
#define _VFIO_MDEV_WINDOW_H

#include <linux/types.h>
#include <linux/virtio_pci.h>

struct vfio_mdev;

/* Where the capability is in the PCI configuration space, and what is in it */
#define VFIO_MDEV_CAP_PCI	0xd4
#define VFIO_MDEV_WINDOW_BAR	(VFIO_MDEV_CAP_PCI + VIRTIO_PCI_CAP_BAR)
#define VFIO_MDEV_WINDOW_OFFSET	(VFIO_MDEV_CAP_PCI + VIRTIO_PCI_CAP_OFFSET)
#define VFIO_MDEV_WINDOW_LENGTH	(VFIO_MDEV_CAP_PCI + VIRTIO_PCI_CAP_LENGTH)
#define VFIO_MDEV_WINDOW_DATA	(VFIO_MDEV_CAP_PCI + sizeof(struct virtio_pci_cap))
#define VFIO_MDEV_WINDOW_SIZE	sizeof(u32)

bool vfio_mdev_in_window(u64 offset, unsigned int len);
void vfio_mdev_window_read(struct vfio_mdev *fn);
void vfio_mdev_window_write(struct vfio_mdev *fn, u64 offset, const u8 *buf,
			    unsigned int len);

#endif /* _VFIO_MDEV_WINDOW_H */
