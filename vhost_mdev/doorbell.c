// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells: the page of a virtqueue that a user maps, to kick without a system
 * call, until the device is revoked.
 */

#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "vhost_mdev_private.h"

/**
 * struct vhost_mdev_doorbell_map - a mapping that has a page in it
 * @node: in &vhost_mdev.doorbells
 * @vma: the mapping; its close takes it out of the list
 */
struct vhost_mdev_doorbell_map {
	struct list_head node;
	struct vm_area_struct *vma;
};

static struct vhost_mdev_doorbell_map *
vhost_mdev_doorbell_find(struct vhost_mdev *vd, struct vm_area_struct *vma)
{
	struct vhost_mdev_doorbell_map *map;

	lockdep_assert_held(&vd->doorbell_lock);
	list_for_each_entry(map, &vd->doorbells, node)
		if (map->vma == vma)
			return map;
	return NULL;
}

static vm_fault_t vhost_mdev_doorbell_fault_locked(struct vhost_mdev_vq *vq,
						   struct vm_area_struct *vma)
{
	struct vhost_mdev *vd = vq->vd;
	struct vhost_mdev_doorbell_map *map;

	lockdep_assert_held(&vd->doorbell_lock);
	if (vd->doorbells_revoked)
		return VM_FAULT_SIGBUS;
	if (!vhost_mdev_doorbell_find(vd, vma)) {
		map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
		if (!map)
			return VM_FAULT_OOM;
		map->vma = vma;
		list_add(&map->node, &vd->doorbells);
	}
	return vmf_insert_pfn(vma, vma->vm_start, PHYS_PFN(vq->doorbell));
}

static vm_fault_t vhost_mdev_doorbell_fault(struct vm_fault *vmf)
{
	struct vhost_mdev_vq *vq = vmf->vma->vm_private_data;
	vm_fault_t ret;

	/* A page that is inserted is also in the list of what to zap. */
	mutex_lock(&vq->vd->doorbell_lock);
	ret = vhost_mdev_doorbell_fault_locked(vq, vmf->vma);
	mutex_unlock(&vq->vd->doorbell_lock);
	return ret;
}

static void vhost_mdev_doorbell_close(struct vm_area_struct *vma)
{
	struct vhost_mdev_vq *vq = vma->vm_private_data;
	struct vhost_mdev_doorbell_map *map;

	mutex_lock(&vq->vd->doorbell_lock);
	map = vhost_mdev_doorbell_find(vq->vd, vma);
	if (map)
		list_del(&map->node);
	mutex_unlock(&vq->vd->doorbell_lock);
	kfree(map);
}

/* The page would move to a mapping that is not in the list. */
static int vhost_mdev_doorbell_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

static const struct vm_operations_struct vhost_mdev_doorbell_ops = {
	.close = vhost_mdev_doorbell_close,
	.mremap = vhost_mdev_doorbell_mremap,
	.fault = vhost_mdev_doorbell_fault,
};

/**
 * vhost_mdev_has_doorbell() - whether any virtqueue has a page to be mapped
 * @vd: the device, open
 *
 * Context: process context, by the user.
 * Return: true if one has.
 */
bool vhost_mdev_has_doorbell(const struct vhost_mdev *vd)
{
	u16 i;

	for (i = 0; i < vd->nvqs; i++)
		if (vd->vqs[i].doorbell != PHYS_ADDR_MAX)
			return true;
	return false;
}

/**
 * vhost_mdev_mmap() - map the doorbell of a virtqueue
 * @vd: the device, open
 * @vma: one page, for writing, at the offset of the virtqueue's page
 *
 * The mapping holds the file and so the device open.  Called with the mmap lock
 * held, hence without @vd->lock.
 *
 * Return: 0; -EINVAL for anything but the above; -EOPNOTSUPP if the virtqueue
 * has no doorbell; -ENODEV if the device was revoked.
 */
int vhost_mdev_mmap(struct vhost_mdev *vd, struct vm_area_struct *vma)
{
	struct vhost_mdev_vq *vq;

	/* A mapping that is made nevertheless has no page: its faults look again. */
	if (READ_ONCE(vd->revoked))
		return -ENODEV;
	if (vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    vma->vm_pgoff >= vd->nvqs)
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED) || !(vma->vm_flags & VM_WRITE) ||
	    (vma->vm_flags & (VM_READ | VM_EXEC)))
		return -EINVAL;

	vq = &vd->vqs[array_index_nospec(vma->vm_pgoff, vd->nvqs)];
	if (vq->doorbell == PHYS_ADDR_MAX)
		return -EOPNOTSUPP;

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	/* fork() would copy the page into a mapping that is not in the list. */
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP |
			  VM_DONTCOPY);
	/* Reads may have side effects; do not let mprotect() add read or exec */
	vm_flags_clear(vma, VM_MAYREAD | VM_MAYEXEC);
	vma->vm_private_data = vq;
	vma->vm_ops = &vhost_mdev_doorbell_ops;
	return 0;
}

/* The memory of the first mapping of the list that still has some, to be put */
static struct mm_struct *vhost_mdev_doorbell_mm(struct vhost_mdev *vd)
{
	struct vhost_mdev_doorbell_map *map, *next;
	struct mm_struct *mm = NULL;

	mutex_lock(&vd->doorbell_lock);
	list_for_each_entry_safe(map, next, &vd->doorbells, node) {
		/* A listed mapping was not closed, so there is its memory. */
		if (mmget_not_zero(map->vma->vm_mm)) {
			mm = map->vma->vm_mm;
			break;
		}
		/* Its process has ended and takes the page out itself. */
		list_del(&map->node);
		kfree(map);
	}
	mutex_unlock(&vd->doorbell_lock);
	return mm;
}

static void vhost_mdev_doorbells_zap(struct vhost_mdev *vd,
				     struct mm_struct *mm)
{
	struct vhost_mdev_doorbell_map *map, *next;
	struct vm_area_struct *vma;

	/* Outer to the other one, as in a fault; mappings stay meanwhile. */
	mmap_read_lock(mm);
	mutex_lock(&vd->doorbell_lock);
	list_for_each_entry_safe(map, next, &vd->doorbells, node) {
		vma = map->vma;
		if (vma->vm_mm != mm)
			continue;
		zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);
		list_del(&map->node);
		kfree(map);
	}
	mutex_unlock(&vd->doorbell_lock);
	mmap_read_unlock(mm);
}

/**
 * vhost_mdev_doorbells_revoke() - take the doorbells out of all mappings
 * @vd: the device
 *
 * An access to one is a SIGBUS from now on.
 *
 * Context: process context, without locks.
 */
void vhost_mdev_doorbells_revoke(struct vhost_mdev *vd)
{
	struct mm_struct *mm;

	mutex_lock(&vd->doorbell_lock);
	vd->doorbells_revoked = true;
	mutex_unlock(&vd->doorbell_lock);

	/* Nothing is added to the list any more. */
	while ((mm = vhost_mdev_doorbell_mm(vd))) {
		vhost_mdev_doorbells_zap(vd, mm);
		/* Never the last one here: to take a process apart may take long. */
		mmput_async(mm);
	}
}

/**
 * vhost_mdev_doorbell() - the doorbell of a virtqueue, if it can be mapped
 * @vq: the virtqueue
 *
 * Return: the address of its page, or PHYS_ADDR_MAX.
 */
phys_addr_t vhost_mdev_doorbell(struct vhost_mdev_vq *vq)
{
	struct mdev_class_device *cdev = vq->vd->cdev;
	struct virtio_mdev_notification_area area;

	if (!cdev->ops->get_vq_notification ||
	    cdev->ops->get_vq_notification(cdev, vq->index, &area))
		return PHYS_ADDR_MAX;

	/* Whatever else is in the page would be the user's as well. */
	if (!PAGE_ALIGNED(area.addr) || area.size < PAGE_SIZE) {
		dev_warn_once(&cdev->dev,
			      "doorbells do not have pages of their own, so that they cannot be mapped\n");
		return PHYS_ADDR_MAX;
	}
	return area.addr;
}
