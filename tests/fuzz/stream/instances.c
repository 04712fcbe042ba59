// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instances that get streams.
 */

#include "stream.h"

/* What they know of themselves */
static u16 net_sizes[17] = {
	1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024,
	1024, 1024, 1024, 1024, 1024,
};

static u16 rng_sizes[] = { 64 };

const struct vfio_mdev_identity vfio_instances[VFIO_INSTANCES] = {
	{ 4, 0x1af4, 0x10571000000, 0, 1, 2, rng_sizes },
	{ 1, 0x1af4, 0x130ffb19ab, 12, 3, 4, net_sizes },
	{ 1, 0x1af4, 0x130fff99ab, 12, 17, 18, net_sizes },
	{ 2, 0x1af4, 0x13130006e44, 60, 1, 2, net_sizes },
};

const struct vhost_mdev_identity vhost_instances[VHOST_INSTANCES] = {
	{ 1, 3, 12, 0x130000002a },
	{ 2, 1, 60, 0x130000e44 },
};
