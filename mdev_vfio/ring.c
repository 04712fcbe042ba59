// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: virtqueues, which are mapped whole.
 */

#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mdev_vfio_private.h"

/* Most pieces are no longer than this, which spares an allocation for each. */
#define VHOST_MEM_FEW_PAGES	4

/* How long the user waits for an unmap to be over */
#define VHOST_MEM_RING_WAIT	(10 * HZ)

/* Begin to pin, unless somebody is unmapping that range: then returns false. */
static bool vhost_mem_ring_begin(struct vhost_mem_vfio *vm,
				 struct vhost_mem_run *run,
				 struct vhost_mem_pin *pin, int *ret)
{
	bool held;

	vhost_mem_lock(vm);
	*ret = vm->open ? 0 : -EFAULT;
	held = vm->open && vhost_mem_held(vm, run->first, run->last);
	if (vm->open && !held)
		vhost_mem_pin_begin(vm, pin, run->first, run->last);
	vhost_mem_unlock(vm);
	return !held;
}

static int vhost_mem_ring_pin(struct vhost_mem_vfio *vm,
			      struct vhost_mem_ring *ring,
			      const struct vhost_mem_pin *pin, unsigned int perm,
			      void **addr)
{
	unsigned long i, n = vhost_mem_run_pages(&ring->run);
	struct page *few[VHOST_MEM_FEW_PAGES], **pages = few;
	int ret, prot = IOMMU_READ;

	if (perm & MDEV_MEM_WRITE)
		prot |= IOMMU_WRITE;

	if (n > ARRAY_SIZE(few)) {
		pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL_ACCOUNT);
		if (!pages)
			return -ENOMEM;
	}

	ret = vhost_mem_pin_pages(vm, pin, prot, pages);
	if (ret)
		goto out_free;

	for (i = 0; i < n; i++) {
		if (vhost_mem_usable(pages[i]))
			continue;
		dev_warn_ratelimited(vm->dev,
				     "a virtqueue lies in memory that cannot be shared: it has to be ordinary memory, and written to once if mapped for reading only\n");
		ret = -EFAULT;
		goto out_unpin;
	}

	*addr = vhost_mem_ring_addr(pages, n, perm, &ring->vmapped);
	if (*addr)
		goto out_free;
	ret = -ENOMEM;

out_unpin:
	vhost_mem_unpin_pages(vm, pin);
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
 * an unmap came across, so that it is to be tried again.
 */
static int vhost_mem_ring_try(struct vhost_mem_vfio *vm,
			      struct vhost_mem_ring *ring,
			      struct mdev_ring_map *map, long *timeout)
{
	struct vhost_mem_pin pin;
	void *addr;
	int ret;

	*timeout = wait_event_interruptible_timeout(vm->drained,
						    vhost_mem_ring_begin(vm,
									 &ring->run,
									 &pin,
									 &ret),
						    *timeout);
	if (*timeout < 0)
		return -EINTR;
	if (!*timeout)
		return -EBUSY;
	if (ret)
		return ret;
	ret = vhost_mem_ring_pin(vm, ring, &pin, map->perm, &addr);

	vhost_mem_lock(vm);
	if (!ret && pin.dead) {
		vhost_mem_unlock(vm);
		vunmap(ring->vmapped);
		ring->vmapped = NULL;
		vhost_mem_unpin_pages(vm, &pin);
		vhost_mem_lock(vm);
		ret = 1;
	}
	vhost_mem_pin_end(vm, &pin);
	if (!ret) {
		ring->map = map;
		map->priv = ring;
		map->addr = addr + offset_in_page(map->iova);
		list_add(&ring->run.node, &vm->rings);
	}
	vhost_mem_unlock(vm);
	return ret;
}

/* mdev_mem_ops.map_ring */
int vhost_mem_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct vhost_mem_vfio *vm = to_vhost_mem_vfio(mem);
	struct vhost_mem_ring *ring;
	bool again = true;
	long timeout;
	int ret;

	/* So that a ring is a run: one call pins it */
	BUILD_BUG_ON(VHOST_MEM_RING_MAX / PAGE_SIZE >=
		     VFIO_PIN_PAGES_MAX_ENTRIES);
	if (map->len > VHOST_MEM_RING_MAX)
		return -EINVAL;
	timeout = vhost_mem_join(vm, VHOST_MEM_RING_WAIT);
	if (timeout < 0)
		return timeout;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	vhost_mem_run_init(&ring->run, vm, ALIGN_DOWN(map->iova, PAGE_SIZE),
			   (map->iova + map->len - 1) | ~PAGE_MASK, true);

	do {
		ret = vhost_mem_ring_try(vm, ring, map, &timeout);
		if (ret == -ENOMEM && again) {
			/* A ring cannot be copied; data can. */
			vhost_mem_unpin_data(vm, true);
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
void vhost_mem_unmap_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct vhost_mem_vfio *vm = to_vhost_mem_vfio(mem);
	struct vhost_mem_ring *ring;

	vhost_mem_lock(vm);
	ring = map->priv;
	map->priv = NULL;
	if (ring) {
		/* From here on the worker alone knows of it. */
		ring->map = NULL;
		if (!ring->run.died)
			vhost_mem_run_kill(&ring->run);
	}
	vhost_mem_unlock(vm);
	if (ring)
		queue_work(vm->wq, &vm->unpin);
}
