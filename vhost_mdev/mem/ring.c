// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that messages map: virtqueues, which are mapped whole.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "iotlb.h"
#include "ring.h"

/**
 * struct vhost_mem_ring - a mapped ring piece
 * @node: in &vhost_mem_iotlb.rings
 * @map: the user of it
 * @first: number of its first page
 * @last: number of its last page
 * @vmapped: kernel mapping, NULL if the linear mapping is used
 *
 * It pins nothing: the address space pins its pages, and unpins them only after the
 * ring was declared dead.
 */
struct vhost_mem_ring {
	struct list_head node;
	struct mdev_ring_map *map;
	unsigned long first;
	unsigned long last;
	void *vmapped;
};

static int vhost_mem_ring_pages(struct vhost_mem_iotlb *im,
				struct vhost_mem_ring *ring,
				unsigned int perm, struct page **pages)
{
	unsigned long index;
	void *entry;

	for (index = ring->first; index <= ring->last; index++) {
		entry = xa_load(&im->pages, index);
		if (!entry || !mdev_page_allows(entry, perm))
			return -EFAULT;
		*pages = pfn_to_page(mdev_page_entry_pfn(entry));
		if (!mdev_page_ring_usable(im->dev, *pages))
			return -EFAULT;
		pages++;
	}
	return 0;
}

/* mdev_mem_ops.map_ring */
int vhost_mem_ring_map(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct vhost_mem_iotlb *im = to_vhost_mem_iotlb(mem);
	struct vhost_mem_ring *ring;
	struct page **pages;
	unsigned long n;
	void *addr;
	int ret;

	if (map->len > MDEV_PAGE_RING_MAX)
		return -EINVAL;

	ring = kzalloc(sizeof(*ring), GFP_KERNEL_ACCOUNT);
	if (!ring)
		return -ENOMEM;
	ring->map = map;
	ring->first = map->iova >> PAGE_SHIFT;
	ring->last = (map->iova + map->len - 1) >> PAGE_SHIFT;
	n = ring->last - ring->first + 1;

	ret = -ENOMEM;
	pages = kvcalloc(n, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		goto err_free;

	mutex_lock(&im->lock);
	ret = vhost_mem_ring_pages(im, ring, map->perm, pages);
	if (ret)
		goto err_unlock;
	ret = -ENOMEM;
	addr = mdev_page_ring_addr(pages, n, map->perm, &ring->vmapped);
	if (!addr)
		goto err_unlock;
	map->priv = ring;
	map->addr = addr + offset_in_page(map->iova);
	list_add(&ring->node, &im->rings);
	WRITE_ONCE(im->nr_rings, im->nr_rings + 1);
	mutex_unlock(&im->lock);
	kvfree(pages);
	return 0;

err_unlock:
	mutex_unlock(&im->lock);
	kvfree(pages);
err_free:
	kfree(ring);
	return ret;
}

/* mdev_mem_ops.unmap_ring */
void vhost_mem_ring_unmap(struct mdev_mem *mem, struct mdev_ring_map *map)
{
	struct vhost_mem_iotlb *im = to_vhost_mem_iotlb(mem);
	struct vhost_mem_ring *ring = map->priv;

	mutex_lock(&im->lock);
	list_del(&ring->node);
	WRITE_ONCE(im->nr_rings, im->nr_rings - 1);
	mutex_unlock(&im->lock);
	map->priv = NULL;
	vunmap(ring->vmapped);
	kfree(ring);
}

/**
 * vhost_mem_rings_kill() - declare the rings in a range dead
 * @im: the address space
 * @first: number of the first page
 * @last: number of the last page
 *
 * Context: process context, with the lock of @im held.
 * Return: whether there was any.
 */
bool vhost_mem_rings_kill(struct vhost_mem_iotlb *im, unsigned long first,
			  unsigned long last)
{
	struct vhost_mem_ring *ring;
	bool found = false;

	lockdep_assert_held(&im->lock);
	list_for_each_entry(ring, &im->rings, node) {
		if (ring->map->dead || ring->last < first || ring->first > last)
			continue;
		WRITE_ONCE(ring->map->dead, true);
		ring->map->invalidate(ring->map);
		found = true;
	}
	return found;
}

/**
 * vhost_mem_rings_vunmap() - remove the kernel mappings of dead rings
 * @im: the address space, without readers that may have found the rings
 *
 * Context: process context, with the lock of @im held.
 */
void vhost_mem_rings_vunmap(struct vhost_mem_iotlb *im)
{
	struct vhost_mem_ring *ring;

	lockdep_assert_held(&im->lock);
	list_for_each_entry(ring, &im->rings, node) {
		if (!ring->map->dead)
			continue;
		vunmap(ring->vmapped);
		ring->vmapped = NULL;
	}
}
