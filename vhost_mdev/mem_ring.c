// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver memory behind a VFIO container: virtqueues, which are mapped whole.
 */

#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mem_vfio.h"

/* Most pieces are no longer than this, which spares an allocation for each. */
#define VHOST_MEM_FEW_PAGES	4

/* Begin to pin, unless somebody is unmapping that range: then returns false. */
static bool vhost_mem_ring_begin(struct vhost_mem_vfio *vm,
				 struct vhost_mem_ring *ring,
				 struct vhost_mem_pin *pin, int *ret)
{
	bool held;

	vhost_mem_lock(vm);
	*ret = vm->open ? 0 : -EFAULT;
	held = vm->open && vhost_mem_held(vm, ring->first, ring->last);
	if (vm->open && !held)
		vhost_mem_pin_begin(vm, pin, ring->first, ring->last);
	vhost_mem_unlock(vm);
	return !held;
}

/*
 * One address for all pages: the linear mapping where they happen to be next
 * to each other, which costs no TLB entries, else one of their own.
 */
void *vhost_mem_ring_addr(struct page **pages, unsigned long n,
			  unsigned int perm, void **vmapped)
{
	void *addr = page_address(pages[0]);
	unsigned long i;

	for (i = 1; i < n; i++)
		if (page_address(pages[i]) != addr + (i << PAGE_SHIFT))
			break;
	if (i == n)
		return addr;

	*vmapped = vmap(pages, n, VM_MAP, perm & MDEV_MEM_WRITE ?
			PAGE_KERNEL : PAGE_KERNEL_RO);
	return *vmapped;
}

static int vhost_mem_ring_pin(struct vhost_mem_vfio *vm,
			      struct vhost_mem_ring *ring, unsigned int perm,
			      void **addr)
{
	struct page *few[VHOST_MEM_FEW_PAGES], **pages = few;
	unsigned long i, n = vhost_mem_ring_pages(ring);
	int ret, prot = IOMMU_READ;

	if (perm & MDEV_MEM_WRITE)
		prot |= IOMMU_WRITE;

	if (n > ARRAY_SIZE(few)) {
		pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL_ACCOUNT);
		if (!pages)
			return -ENOMEM;
	}

	ret = vhost_mem_pin_range(vm, ring->first, n, prot, pages);
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
	vhost_mem_unpin_range(vm, ring->first, n);
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
 * Pin and map the pages of @ring.  Returns 1 if an unmap came across, so that
 * it is to be tried again.
 */
static int vhost_mem_ring_try(struct vhost_mem_vfio *vm,
			      struct vhost_mem_ring *ring,
			      struct mdev_ring_map *map)
{
	struct vhost_mem_pin pin;
	void *addr;
	int ret;

	if (wait_event_interruptible(vm->drained,
				     vhost_mem_ring_begin(vm, ring, &pin, &ret)))
		return -EINTR;
	if (ret)
		return ret;
	ret = vhost_mem_ring_pin(vm, ring, map->perm, &addr);

	vhost_mem_lock(vm);
	if (!ret && pin.died) {
		vhost_mem_unlock(vm);
		vunmap(ring->vmapped);
		ring->vmapped = NULL;
		vhost_mem_unpin_range(vm, ring->first,
				      vhost_mem_ring_pages(ring));
		vhost_mem_lock(vm);
		ret = 1;
	}
	vhost_mem_pin_end(vm, &pin);
	if (!ret) {
		ring->map = map;
		map->priv = ring;
		map->addr = addr + offset_in_page(map->iova);
		list_add(&ring->node, &vm->rings);
	}
	vhost_mem_unlock(vm);
	return ret;
}

int vhost_mem_map_ring(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct vhost_mem_vfio *vm = to_vhost_mem_vfio(mem);
	struct vhost_mem_ring *ring;
	bool again = true;
	int ret;

	if (map->len > VHOST_MEM_RING_MAX)
		return -EINVAL;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	ring->first = ALIGN_DOWN(map->iova, PAGE_SIZE);
	ring->last = (map->iova + map->len - 1) | ~PAGE_MASK;

	do {
		ret = vhost_mem_ring_try(vm, ring, map);
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
	return ret;
}

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
		if (!ring->died)
			vhost_mem_kill_ring(ring, vhost_mem_stamp(vm));
	}
	vhost_mem_unlock(vm);
	if (ring)
		queue_work(vm->wq, &vm->unpin);
}
