// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: the receive buffers of the driver that a frame goes to.
 */

#include <linux/module.h>
#include <linux/slab.h>

#include <linux/mdev_soft_net_bufs.h>

/**
 * mdev_soft_net_bufs_alloc() - allocate what buffers are taken into
 * @bufs: zeroed, or allocated already
 * @gfp: how, see mdev_mem_gfp()
 *
 * Context: process context; sleeps.
 * Return: 0 or -ENOMEM; mdev_soft_net_bufs_free() undoes both.
 */
int mdev_soft_net_bufs_alloc(struct mdev_soft_net_bufs *bufs, gfp_t gfp)
{
	/* If no more than half of it is taken, there is room for any chain. */
	if (!bufs->segs)
		bufs->segs = kvmalloc_array(2 * MDEV_VQ_MAX_SEGS,
					    sizeof(*bufs->segs), gfp);
	if (!bufs->chains)
		bufs->chains = kvmalloc_array(MDEV_SOFT_NET_MAX_MERGE,
					      sizeof(*bufs->chains), gfp);
	return bufs->segs && bufs->chains ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_bufs_alloc);

/**
 * mdev_soft_net_bufs_free() - undo mdev_soft_net_bufs_alloc()
 * @bufs: the buffers; none is taken
 *
 * Context: process context.
 */
void mdev_soft_net_bufs_free(struct mdev_soft_net_bufs *bufs)
{
	kvfree(bufs->segs);
	kvfree(bufs->chains);
	bufs->segs = NULL;
	bufs->chains = NULL;
}
EXPORT_SYMBOL_GPL(mdev_soft_net_bufs_free);
