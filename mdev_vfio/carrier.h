/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parent devices of VFIO devices that belong to no hardware.
 */
#ifndef _MDEV_VFIO_CARRIER_H
#define _MDEV_VFIO_CARRIER_H

struct device;

int mdev_vfio_carrier_init(void);
void mdev_vfio_carrier_exit(void);
struct device *mdev_vfio_carrier_add(const char *name);

#endif /* _MDEV_VFIO_CARRIER_H */
