// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: pages are pinned as they are needed,
 * and let go as soon as the user unmaps them.
 */

#include <linux/mm.h>
#include <linux/module.h>

#include "mdev_vfio_private.h"

/* How many runs are unpinned at the same time, if an unmap is in a hurry */
#define VHOST_MEM_UNPIN_AT_ONCE	256

/* ---- read sections and data ---- */

static int vhost_mem_enter(struct mdev_mem *mem)
	__acquires(mem)
{
	return srcu_read_lock(&to_vhost_mem_vfio(mem)->srcu);
}

static void vhost_mem_leave(struct mdev_mem *mem, int token)
	__releases(mem)
{
	srcu_read_unlock(&to_vhost_mem_vfio(mem)->srcu, token);
}

static void *vhost_mem_lookup(struct mdev_mem *mem, u64 iova, unsigned int perm,
			      size_t *len)
{
	return vhost_mem_find(&to_vhost_mem_vfio(mem)->pages, iova, perm, len);
}

static const struct mdev_mem_ops vhost_mem_vfio_mem_ops = {
	.enter = vhost_mem_enter,
	.leave = vhost_mem_leave,
	.lookup = vhost_mem_lookup,
	.fault = vhost_mem_fault,
	.read = vhost_mem_read,
	.write = vhost_mem_write,
	.map_ring = vhost_mem_map_ring,
	.unmap_ring = vhost_mem_unmap_ring,
};

/* ---- life ---- */

/**
 * vhost_mem_vfio_drop() - unpin all that is pinned for data
 * @vm: the memory
 *
 * And the rings that were unmapped before.
 *
 * Context: process context, outside of any read section; sleeps.
 */
void vhost_mem_vfio_drop(struct vhost_mem_vfio *vm)
{
	vhost_mem_unpin_data(vm, false);
}
EXPORT_SYMBOL_GPL(vhost_mem_vfio_drop);

/**
 * vhost_mem_vfio_open() - a user begins to use the device
 * @vm: the memory
 */
void vhost_mem_vfio_open(struct vhost_mem_vfio *vm)
{
	vhost_mem_lock(vm);
	vm->open = true;
	vm->iommufd = compat_vfio_is_iommufd(vm->vdev);
	/* What an iommufd unmaps needs no such wait. */
	vm->joined = vm->iommufd;
	vhost_mem_unlock(vm);
}
EXPORT_SYMBOL_GPL(vhost_mem_vfio_open);

/**
 * vhost_mem_vfio_close() - hold nothing of the user's memory any longer
 * @vm: the memory
 *
 * Rings that the parent did not unmap are taken from it.
 *
 * Context: process context; sleeps until what was pinned is unpinned.
 */
void vhost_mem_vfio_close(struct vhost_mem_vfio *vm)
{
	vhost_mem_lock(vm);
	vm->open = false;
	vhost_mem_kill_pins(vm, 0, U64_MAX);
	vhost_mem_kill_rings(vm, 0, U64_MAX);
	vhost_mem_unlock(vm);
	/* Nothing is added any more. */
	wait_event(vm->drained, list_empty(&vm->pins));
	vhost_mem_vfio_drop(vm);
	vhost_mem_hold_close(vm);
}
EXPORT_SYMBOL_GPL(vhost_mem_vfio_close);

/**
 * vhost_mem_vfio_init() - the memory of a VFIO device's container
 * @vm: zeroed
 * @vdev: the device
 * @dev: the device in messages
 * @owner: the module that @vdev belongs to, which stays while an unmap goes on
 *
 * Return: 0 or -ENOMEM.
 */
int vhost_mem_vfio_init(struct vhost_mem_vfio *vm, struct vfio_device *vdev,
			struct device *dev, struct module *owner)
{
	int ret;

	/* Page numbers are indices, and all memory has a kernel address. */
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_64BIT));

	vm->mem.ops = &vhost_mem_vfio_mem_ops;
	vm->vdev = vdev;
	vm->dev = dev;
	vm->owner = owner;
	xa_init_flags(&vm->pages, XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&vm->runs);
	INIT_LIST_HEAD(&vm->rings);
	INIT_LIST_HEAD(&vm->dying);
	INIT_LIST_HEAD(&vm->ready);
	INIT_LIST_HEAD(&vm->busy);
	INIT_LIST_HEAD(&vm->pins);
	INIT_LIST_HEAD(&vm->holds);
	init_waitqueue_head(&vm->drained);
	INIT_WORK(&vm->unpin, vhost_mem_unpin_work);

	ret = init_srcu_struct(&vm->srcu);
	if (ret)
		return ret;
	/* With a rescuer: an unmap waits for it, whatever memory there is. */
	vm->wq = alloc_workqueue("vhost_mdev-%.8s", WQ_UNBOUND | WQ_MEM_RECLAIM,
				 VHOST_MEM_UNPIN_AT_ONCE, dev_name(dev));
	if (!vm->wq) {
		cleanup_srcu_struct(&vm->srcu);
		return -ENOMEM;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(vhost_mem_vfio_init);

/**
 * vhost_mem_vfio_uninit() - undo vhost_mem_vfio_init()
 * @vm: the memory, closed
 */
void vhost_mem_vfio_uninit(struct vhost_mem_vfio *vm)
{
	destroy_workqueue(vm->wq);
	cleanup_srcu_struct(&vm->srcu);
	xa_destroy(&vm->pages);
}
EXPORT_SYMBOL_GPL(vhost_mem_vfio_uninit);
