// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: data is copied where it is not pinned.
 */

#include <linux/overflow.h>

#include "mem_vfio.h"

static int vhost_mem_copy(struct mdev_mem *mem, u64 iova, void *buf, size_t len,
			  bool write)
{
	struct vhost_mem_vfio *vm = to_vhost_mem_vfio(mem);
	u64 last;

	if (!len)
		return 0;
	if (check_add_overflow(iova, (u64)len - 1, &last))
		return -EFAULT;
	return vfio_dma_rw(vm->vdev, iova, buf, len, write) ? -EFAULT : 0;
}

/* mdev_mem_ops.read */
int vhost_mem_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len)
{
	return vhost_mem_copy(mem, iova, buf, len, false);
}

/* mdev_mem_ops.write */
int vhost_mem_write(struct mdev_mem *mem, u64 iova, const void *buf, size_t len)
{
	return vhost_mem_copy(mem, iova, (void *)buf, len, true);
}
