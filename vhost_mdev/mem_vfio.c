// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: pages are pinned as they are needed,
 * and let go as soon as the user unmaps them.
 */

#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/overflow.h>

#include "mem_vfio.h"

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

/* May a page be pinned now?  Begins to, if so. */
static int vhost_mem_fault_begin(struct vhost_mem_vfio *vm,
				 struct vhost_mem_pin *pin, u64 iova,
				 unsigned int perm)
{
	u64 last = iova + PAGE_SIZE - 1;
	void *entry;
	int ret = 1;

	vhost_mem_lock(vm);
	entry = xa_load(&vm->pages, iova >> PAGE_SHIFT);
	if (!vm->open)
		ret = -EFAULT;
	else if (entry && vhost_mem_entry_state(entry) != VHOST_MEM_DEAD)
		ret = vhost_mem_allows(entry, perm) ? 0 : -EFAULT;
	else if (entry || !vhost_mem_may_pin(vm, iova, last))
		ret = -EAGAIN;
	else
		vhost_mem_pin_begin(vm, pin, iova, last);
	vhost_mem_unlock(vm);
	return ret;
}

/* Put a pinned page where the lookup finds it; if that fails unpin it. */
static int vhost_mem_fault_end(struct vhost_mem_vfio *vm,
			       struct vhost_mem_pin *pin, struct page *page,
			       unsigned int state)
{
	unsigned long index = pin->first >> PAGE_SHIFT;
	int ret;

	vhost_mem_lock(vm);
	if (!vm->open || pin->died)
		ret = -EAGAIN;
	else if (!vhost_mem_usable(page))
		ret = -EAGAIN;
	else
		/* Atomic: the lock must not be dropped to get memory. */
		ret = __xa_insert(&vm->pages, index,
				  vhost_mem_entry(state, page_to_pfn(page)),
				  GFP_ATOMIC | __GFP_NOWARN);
	if (!ret) {
		vhost_mem_pin_end(vm, pin);
		vhost_mem_unlock(vm);
		return 0;
	}
	vhost_mem_unlock(vm);

	/* An unmap waits for the pin to be gone, not for the intention alone. */
	vfio_unpin_pages(vm->vdev, pin->first, 1);

	vhost_mem_lock(vm);
	vhost_mem_pin_end(vm, pin);
	vhost_mem_unlock(vm);

	/* Another thread was faster, or memory is short. */
	return ret == -EBUSY ? 0 : -EAGAIN;
}

static void vhost_mem_fault_undo(struct vhost_mem_vfio *vm,
				 struct vhost_mem_pin *pin, bool limited)
{
	bool first;

	vhost_mem_lock(vm);
	vhost_mem_pin_end(vm, pin);
	first = limited && !vm->limited;
	if (first)
		vm->limited = true;
	vhost_mem_unlock(vm);

	if (first)
		dev_warn_ratelimited(vm->dev,
				     "locked memory is exhausted, so data is copied page by page until the next reset; raise RLIMIT_MEMLOCK of the user (ulimit -l) for full speed\n");
}

static int vhost_mem_fault(struct mdev_mem *mem, u64 iova, unsigned int perm)
{
	struct vhost_mem_vfio *vm = to_vhost_mem_vfio(mem);
	unsigned int state = VHOST_MEM_RW;
	struct vhost_mem_pin pin;
	struct page *page;
	int ret;

	iova = ALIGN_DOWN(iova, PAGE_SIZE);
	ret = vhost_mem_fault_begin(vm, &pin, iova, perm);
	if (ret <= 0)
		return ret;

	ret = vhost_mem_pin_range(vm, iova, 1, IOMMU_READ | IOMMU_WRITE, &page);
	if (ret == -EPERM && perm == MDEV_MEM_WRITE) {
		state = VHOST_MEM_WO;
		ret = vhost_mem_pin_range(vm, iova, 1, IOMMU_WRITE, &page);
	}
	if (!ret)
		return vhost_mem_fault_end(vm, &pin, page, state);

	vhost_mem_fault_undo(vm, &pin, ret == -ENOMEM);
	switch (ret) {
	case -ENOMEM:
	case -EBUSY:
		return -EAGAIN;
	case -EPERM:
		/*
		 * A page pinned for reading alone can become a different one
		 * from what the user sees, when the user writes to a private
		 * mapping and older kernels copy it then.  A copy of the data
		 * is always right.
		 */
		return perm == MDEV_MEM_READ ? -EAGAIN : -EFAULT;
	default:
		return -EFAULT;
	}
}

static int vhost_mem_rw(struct mdev_mem *mem, u64 iova, void *buf, size_t len,
			bool write)
{
	struct vhost_mem_vfio *vm = to_vhost_mem_vfio(mem);
	u64 end;

	if (!len)
		return 0;
	if (check_add_overflow(iova, (u64)len - 1, &end))
		return -EFAULT;
	return vfio_dma_rw(vm->vdev, iova, buf, len, write) ? -EFAULT : 0;
}

static int vhost_mem_read(struct mdev_mem *mem, u64 iova, void *buf, size_t len)
{
	return vhost_mem_rw(mem, iova, buf, len, false);
}

static int vhost_mem_write(struct mdev_mem *mem, u64 iova, const void *buf,
			   size_t len)
{
	return vhost_mem_rw(mem, iova, (void *)buf, len, true);
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

/**
 * vhost_mem_vfio_open() - a user begins to use the device
 * @vm: the memory
 *
 * Return: 0 or -EINTR.
 */
int vhost_mem_vfio_open(struct vhost_mem_vfio *vm)
{
	int ret = vhost_mem_hold_open(vm);

	if (ret)
		return ret;
	vhost_mem_lock(vm);
	vm->open = true;
	vhost_mem_unlock(vm);
	return 0;
}

/**
 * vhost_mem_vfio_close() - hold nothing of the user's memory any longer
 * @vm: the memory
 *
 * Rings that the parent did not unmap are taken from it.  Waits for unmaps that
 * go on.
 */
void vhost_mem_vfio_close(struct vhost_mem_vfio *vm)
{
	struct vhost_mem_ring *ring;
	struct vhost_mem_pin *pin;
	u64 stamp;

	vhost_mem_lock(vm);
	vm->open = false;
	stamp = vhost_mem_stamp(vm);
	list_for_each_entry(pin, &vm->pins, node)
		pin->died = stamp;
	list_for_each_entry(ring, &vm->rings, node)
		if (!ring->died)
			vhost_mem_kill_ring(ring, stamp);
	vhost_mem_invalidate_rings(vm, stamp);
	vhost_mem_unlock(vm);
	/* Nothing is added any more. */
	wait_event(vm->drained, list_empty(&vm->pins));
	vhost_mem_vfio_drop(vm);
	vhost_mem_hold_close(vm);
}

/**
 * vhost_mem_vfio_init() - the memory of a VFIO device's container
 * @vm: zeroed
 * @vdev: the device
 * @dev: the device in messages
 *
 * Return: 0 or -ENOMEM.
 */
int vhost_mem_vfio_init(struct vhost_mem_vfio *vm, struct vfio_device *vdev,
			struct device *dev)
{
	int ret;

	/* Page numbers are indices, and all memory has a kernel address. */
	BUILD_BUG_ON(!IS_ENABLED(CONFIG_64BIT));

	vm->mem.ops = &vhost_mem_vfio_mem_ops;
	vm->vdev = vdev;
	vm->dev = dev;
	xa_init(&vm->pages);
	INIT_LIST_HEAD(&vm->rings);
	INIT_LIST_HEAD(&vm->pins);
	INIT_LIST_HEAD(&vm->holds);
	init_waitqueue_head(&vm->drained);
	INIT_WORK(&vm->unpin, vhost_mem_unpin_work);

	ret = init_srcu_struct(&vm->srcu);
	if (ret)
		return ret;
	/* With a rescuer: an unmap waits for it, whatever memory there is. */
	vm->wq = alloc_workqueue("vhost_mdev-%.8s", WQ_UNBOUND | WQ_MEM_RECLAIM,
				 0, dev_name(dev));
	if (!vm->wq) {
		cleanup_srcu_struct(&vm->srcu);
		return -ENOMEM;
	}
	return 0;
}

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
