// SPDX-License-Identifier: GPL-2.0-only
/* VFIO devices can be migrated with pre-copy, and tell how long their state is. */
#include <linux/vfio.h>

static const struct vfio_migration_ops ops;

static struct vfio_precopy_info info;

void *no_such_function(void)
{
	info.flags = VFIO_MIGRATION_PRE_COPY;
	info.argsz = VFIO_DEVICE_STATE_PRE_COPY_P2P;
	return ops.migration_get_data_size ? &info : NULL;
}
