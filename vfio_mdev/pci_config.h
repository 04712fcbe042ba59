/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_MDEV_PCI_CONFIG_H
#define _VFIO_MDEV_PCI_CONFIG_H

#include <linux/pci_regs.h>
#include <linux/types.h>

struct vfio_mdev;

/**
 * struct vfio_mdev_pci_config - the PCI configuration space of the function
 * @bytes: as it is read, little-endian; beyond them all is 0
 * @writable: bits of @bytes that a write changes
 */
struct vfio_mdev_pci_config {
	u8 bytes[PCI_CFG_SPACE_SIZE];
	u8 writable[PCI_CFG_SPACE_SIZE];
};

void vfio_mdev_pci_config_init(struct vfio_mdev *fn);
void vfio_mdev_pci_config_load(struct vfio_mdev *fn, const u8 *bytes);
bool vfio_mdev_memory_enabled(const struct vfio_mdev *fn);
bool vfio_mdev_bus_master(const struct vfio_mdev *fn);
bool vfio_mdev_msix_enabled(const struct vfio_mdev *fn);
void vfio_mdev_pci_config_read(struct vfio_mdev *fn, u64 offset, u8 *buf,
			       unsigned int len);
bool vfio_mdev_pci_config_write(struct vfio_mdev *fn, u64 offset,
				const u8 *buf, unsigned int len);

#endif /* _VFIO_MDEV_PCI_CONFIG_H */
