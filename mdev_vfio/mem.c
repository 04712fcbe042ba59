// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: pages are pinned when they are needed,
 * and unpinned as soon as the user unmaps them.
 */

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vfio.h>

#include "copy.h"
#include "data.h"
#include "hold.h"
#include "log.h"
#include "mem.h"
#include "pin.h"
#include "ring.h"
#include "run.h"

/* How many runs at most are unpinned at the same time, see mdev_vfio_hurried() */
#define MDEV_VFIO_UNPIN_AT_ONCE	256

/* ---- read sections and data ---- */

static int mdev_vfio_enter(struct mdev_mem *mem)
	__acquires(mem)
{
	return srcu_read_lock(&to_mdev_vfio_mem(mem)->srcu);
}

static void mdev_vfio_leave(struct mdev_mem *mem, int token)
	__releases(mem)
{
	srcu_read_unlock(&to_mdev_vfio_mem(mem)->srcu, token);
}

static void *mdev_vfio_lookup(struct mdev_mem *mem, u64 iova, unsigned int perm,
			      size_t *len)
{
	return mdev_page_find(&to_mdev_vfio_mem(mem)->pages, iova, perm, len);
}

/* mdev_mem_ops.hold */
static int mdev_vfio_lend(struct mdev_mem *mem)
{
	struct mdev_vfio_mem *vm = to_mdev_vfio_mem(mem);

	RCU_LOCKDEP_WARN(!srcu_read_lock_held(&vm->srcu),
			 "driver memory held outside of a read section");
	return mdev_mem_holds_begin(&vm->lent);
}

/* mdev_mem_ops.release */
static void mdev_vfio_returned(struct mdev_mem *mem, int token)
{
	mdev_mem_holds_end(&to_mdev_vfio_mem(mem)->lent, token);
}

static const struct mdev_mem_ops mdev_vfio_mem_ops = {
	.enter = mdev_vfio_enter,
	.leave = mdev_vfio_leave,
	.lookup = mdev_vfio_lookup,
	.fault = mdev_vfio_fault,
	.read = mdev_vfio_read,
	.write = mdev_vfio_write,
	.map_ring = mdev_vfio_map_ring,
	.unmap_ring = mdev_vfio_unmap_ring,
	.hold = mdev_vfio_lend,
	.release = mdev_vfio_returned,
};

/* ---- life ---- */

/**
 * mdev_vfio_mem_drop() - unpin all that is pinned for data
 * @vm: the memory, of a device that was reset, so that nothing is held
 *
 * This includes the rings that the parent unmapped before.
 *
 * Context: process context, outside of any read section; sleeps.
 */
void mdev_vfio_mem_drop(struct mdev_vfio_mem *vm)
{
	WARN_ON_ONCE(mdev_mem_holds_active(&vm->lent));
	mdev_vfio_unpin_data(vm, false);
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_drop);

/**
 * mdev_vfio_mem_open() - a user begins to use the device
 * @vm: the memory
 */
void mdev_vfio_mem_open(struct mdev_vfio_mem *vm)
{
	mdev_vfio_lock(vm);
	vm->open = true;
	WRITE_ONCE(vm->copy_why, 0);
	WRITE_ONCE(vm->mem.copied, false);
	vm->iommufd = compat_vfio_is_iommufd(vm->vdev);
	/* An iommufd has no unmaps that mdev_vfio_join() has to wait for. */
	vm->joined = vm->iommufd;
	mdev_vfio_unlock(vm);
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_open);

/**
 * mdev_vfio_mem_close() - release all of the user's memory
 * @vm: the memory
 *
 * Rings that the parent did not unmap are taken from it.
 *
 * Context: process context; sleeps until what was pinned is unpinned.
 */
void mdev_vfio_mem_close(struct mdev_vfio_mem *vm)
{
	mdev_vfio_lock(vm);
	vm->open = false;
	WRITE_ONCE(vm->copy_why, 0);
	WRITE_ONCE(vm->mem.copied, false);
	mdev_vfio_kill_pins(vm, 0, U64_MAX);
	mdev_vfio_kill_rings(vm, 0, U64_MAX);
	mdev_vfio_unlock(vm);
	/* Nothing is added any more. */
	wait_event(vm->drained, list_empty(&vm->pins));
	mdev_vfio_mem_drop(vm);
	mdev_vfio_log_end(vm);
	mdev_vfio_hold_close(vm);
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_close);

/**
 * mdev_vfio_mem_init() - the memory of a VFIO device's container
 * @vm: zeroed
 * @vdev: the device
 * @dev: the device in messages
 * @owner: the module that @vdev belongs to; unmaps in progress keep it loaded
 *
 * Return: 0 or -ENOMEM.
 */
int mdev_vfio_mem_init(struct mdev_vfio_mem *vm, struct vfio_device *vdev,
		       struct device *dev, struct module *owner)
{
	int ret;

	/* Page numbers are indices, and all memory has a kernel address. */
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_64BIT));

	vm->mem.ops = &mdev_vfio_mem_ops;
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
	mutex_init(&vm->log_lock);
	init_waitqueue_head(&vm->drained);
	INIT_WORK(&vm->unpin, mdev_vfio_unpin_work);

	ret = init_srcu_struct(&vm->srcu);
	if (ret)
		return ret;
	/* With a rescuer, because an unmap waits for it even if memory is short. */
	ret = -ENOMEM;
	vm->wq = alloc_workqueue("mdev_vfio-%.8s", WQ_UNBOUND | WQ_MEM_RECLAIM,
				 MDEV_VFIO_UNPIN_AT_ONCE, dev_name(dev));
	if (!vm->wq)
		goto err_srcu;
	ret = mdev_mem_holds_init(&vm->lent, dev);
	if (ret)
		goto err_wq;
	return 0;

err_wq:
	destroy_workqueue(vm->wq);
err_srcu:
	cleanup_srcu_struct(&vm->srcu);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_init);

/**
 * mdev_vfio_mem_uninit() - undo mdev_vfio_mem_init()
 * @vm: the memory, closed
 */
void mdev_vfio_mem_uninit(struct mdev_vfio_mem *vm)
{
	destroy_workqueue(vm->wq);
	mdev_mem_holds_uninit(&vm->lent);
	mutex_destroy(&vm->log_lock);
	cleanup_srcu_struct(&vm->srcu);
	xa_destroy(&vm->pages);
}
EXPORT_SYMBOL_GPL(mdev_vfio_mem_uninit);
