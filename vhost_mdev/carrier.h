/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parent devices of VFIO devices that belong to no hardware.
 */
#ifndef _VHOST_MDEV_CARRIER_H
#define _VHOST_MDEV_CARRIER_H

struct device;

int vhost_mdev_carrier_init(void);
void vhost_mdev_carrier_exit(void);
struct device *vhost_mdev_carrier_add(const char *name);
int vhost_mdev_carrier_link(struct device *carrier, struct device *dev);
void vhost_mdev_carrier_unlink(struct device *dev);

#endif /* _VHOST_MDEV_CARRIER_H */
