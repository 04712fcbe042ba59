// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: virtqueues, which are mapped whole.
 */

#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/vmalloc.h>

#include "data.h"
#include "hold.h"
#include "mem.h"
#include "pin.h"
#include "ring.h"
#include "run.h"

/* Most pieces are no longer than this, and need no allocation for the pointers. */
#define MDEV_VFIO_FEW_PAGES	4

/* How long the user waits for an unmap to end */
#define MDEV_VFIO_RING_WAIT	(10 * HZ)

/* Begin to pin, unless somebody is unmapping that range: then returns false. */
static bool mdev_vfio_ring_begin(struct mdev_vfio_mem *vm,
				 struct mdev_vfio_run *run,
				 struct mdev_vfio_pin *pin, int *ret)
{
	bool held;

	mdev_vfio_lock(vm);
	*ret = vm->open ? 0 : -EFAULT;
	held = vm->open && mdev_vfio_held(vm, run->first, run->last);
	if (vm->open && !held)
		mdev_vfio_pin_begin(vm, pin, run->first, run->last);
	mdev_vfio_unlock(vm);
	return !held;
}

static int mdev_vfio_ring_pin(struct mdev_vfio_mem *vm,
			      struct mdev_vfio_ring *ring,
			      const struct mdev_vfio_pin *pin, unsigned int perm,
			      void **addr)
{
	unsigned long i, n = mdev_vfio_run_pages(&ring->run);
	struct page *few[MDEV_VFIO_FEW_PAGES], **pages = few;
	int ret, prot = IOMMU_READ;

	if (perm & MDEV_MEM_WRITE)
		prot |= IOMMU_WRITE;

	if (n > ARRAY_SIZE(few)) {
		pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL_ACCOUNT);
		if (!pages)
			return -ENOMEM;
	}

	ret = mdev_vfio_pin_pages(vm, pin, prot, pages);
	if (ret)
		goto out_free;

	for (i = 0; i < n; i++) {
		if (mdev_page_ring_usable(vm->dev, pages[i]))
			continue;
		ret = -EFAULT;
		goto out_unpin;
	}

	*addr = mdev_page_ring_addr(pages, n, perm, &ring->vmapped);
	if (*addr)
		goto out_free;
	ret = -ENOMEM;

out_unpin:
	mdev_vfio_unpin_pages(vm, pin);
out_free:
	if (pages != few)
		kvfree(pages);
	switch (ret) {
	case 0:
	case -ENOMEM:
		return ret;
	default:
		return -EFAULT;
	}
}

/*
 * Pin and map the pages of @ring, which may take *@timeout jiffies.  Returns 1 if
 * an unmap interfered, so that the caller has to try again.
 */
static int mdev_vfio_ring_try(struct mdev_vfio_mem *vm,
			      struct mdev_vfio_ring *ring,
			      struct mdev_ring_map *map, long *timeout)
{
	struct mdev_vfio_pin pin;
	void *addr;
	int ret;

	if (vm->killable)
		*timeout = wait_event_killable_timeout(vm->drained,
						       mdev_vfio_ring_begin(vm, &ring->run,
									    &pin, &ret),
						       *timeout);
	else
		*timeout = wait_event_interruptible_timeout(vm->drained,
							    mdev_vfio_ring_begin(vm, &ring->run,
										 &pin, &ret),
							    *timeout);
	if (*timeout < 0)
		return -EINTR;
	if (!*timeout)
		return -EBUSY;
	if (ret)
		return ret;
	ret = mdev_vfio_ring_pin(vm, ring, &pin, map->perm, &addr);

	mdev_vfio_lock(vm);
	if (!ret && pin.dead) {
		mdev_vfio_unlock(vm);
		vunmap(ring->vmapped);
		ring->vmapped = NULL;
		mdev_vfio_unpin_pages(vm, &pin);
		mdev_vfio_lock(vm);
		ret = 1;
	}
	mdev_vfio_pin_end(vm, &pin);
	if (!ret) {
		ring->map = map;
		map->priv = ring;
		map->addr = addr + offset_in_page(map->iova);
		list_add(&ring->run.node, &vm->rings);
	}
	mdev_vfio_unlock(vm);
	return ret;
}

/* mdev_mem_ops.map_ring */
int mdev_vfio_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct mdev_vfio_mem *vm = to_mdev_vfio_mem(mem);
	struct mdev_vfio_ring *ring;
	bool again = true;
	long timeout;
	int ret;

	/* So that a ring is a run: one call pins it */
	BUILD_BUG_ON(MDEV_PAGE_RING_MAX / PAGE_SIZE >=
		     VFIO_PIN_PAGES_MAX_ENTRIES);
	if (map->len > MDEV_PAGE_RING_MAX)
		return -EINVAL;
	timeout = mdev_vfio_join(vm, MDEV_VFIO_RING_WAIT);
	if (timeout < 0)
		return timeout;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	mdev_vfio_run_init(&ring->run, vm, ALIGN_DOWN(map->iova, PAGE_SIZE),
			   (map->iova + map->len - 1) | ~PAGE_MASK, true);
	ring->run.read_only = !(map->perm & MDEV_MEM_WRITE);

	do {
		ret = mdev_vfio_ring_try(vm, ring, map, &timeout);
		if (ret == -ENOMEM && again) {
			/* Make room: a ring must be pinned, data can be copied. */
			mdev_vfio_unpin_data(vm, true);
			again = false;
			ret = 1;
		}
	} while (ret > 0);
	if (!ret)
		return 0;

	kfree(ring);
	if (ret == -ENOMEM)
		dev_warn_ratelimited(vm->dev,
				     "memory for a virtqueue cannot be locked; raise RLIMIT_MEMLOCK of the user (ulimit -l)\n");
	if (ret == -EBUSY)
		dev_warn_ratelimited(vm->dev,
				     "cannot map a virtqueue, because its memory is being unmapped; try again when that has ended\n");
	return ret;
}

/* mdev_mem_ops.unmap_ring */
void mdev_vfio_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct mdev_vfio_mem *vm = to_mdev_vfio_mem(mem);
	struct mdev_vfio_ring *ring;

	mdev_vfio_lock(vm);
	ring = map->priv;
	map->priv = NULL;
	if (ring) {
		/* From here on only the worker uses it. */
		ring->map = NULL;
		if (!ring->run.died)
			mdev_vfio_run_kill(&ring->run);
	}
	mdev_vfio_unlock(vm);
	if (ring)
		queue_work(vm->wq, &vm->unpin);
}
