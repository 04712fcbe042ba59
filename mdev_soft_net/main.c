// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: the module.  It has nothing to set up.
 */

#include <linux/module.h>

MODULE_DESCRIPTION("Mediated devices: what software network devices share");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
