// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doorbells: the page of a virtqueue that a user maps, to kick without a system
 * call, until the device is revoked.
 */

#include <linux/mdev_class.h>
#include <linux/mdev_doorbell.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/virtio_mdev.h>

/**
 * struct mdev_doorbell_map - a mapping that has a page in it
 * @node: in &mdev_doorbells.maps
 * @vma: the mapping; its close takes it out of the list
 */
struct mdev_doorbell_map {
	struct list_head node;
	struct vm_area_struct *vma;
};

static struct mdev_doorbell_map *
mdev_doorbell_find(struct mdev_doorbells *all, struct vm_area_struct *vma)
{
	struct mdev_doorbell_map *map;

	lockdep_assert_held(&all->lock);
	list_for_each_entry(map, &all->maps, node)
		if (map->vma == vma)
			return map;
	return NULL;
}

static vm_fault_t mdev_doorbell_fault_locked(struct mdev_doorbell *doorbell,
					     struct vm_area_struct *vma)
{
	struct mdev_doorbells *all = doorbell->all;
	struct mdev_doorbell_map *map;

	lockdep_assert_held(&all->lock);
	if (all->revoked)
		return VM_FAULT_SIGBUS;
	if (!mdev_doorbell_find(all, vma)) {
		map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
		if (!map)
			return VM_FAULT_OOM;
		map->vma = vma;
		list_add(&map->node, &all->maps);
	}
	return vmf_insert_pfn(vma, vma->vm_start, PHYS_PFN(doorbell->addr));
}

static vm_fault_t mdev_doorbell_fault(struct vm_fault *vmf)
{
	struct mdev_doorbell *doorbell = vmf->vma->vm_private_data;
	vm_fault_t ret;

	/* Under the lock, so that a page is only inserted into a listed mapping. */
	mutex_lock(&doorbell->all->lock);
	ret = mdev_doorbell_fault_locked(doorbell, vmf->vma);
	mutex_unlock(&doorbell->all->lock);
	return ret;
}

static void mdev_doorbell_close(struct vm_area_struct *vma)
{
	struct mdev_doorbell *doorbell = vma->vm_private_data;
	struct mdev_doorbell_map *map;

	mutex_lock(&doorbell->all->lock);
	map = mdev_doorbell_find(doorbell->all, vma);
	if (map)
		list_del(&map->node);
	mutex_unlock(&doorbell->all->lock);
	kfree(map);
}

/* The page would move to a mapping that is not in the list. */
static int mdev_doorbell_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

static const struct vm_operations_struct mdev_doorbell_ops = {
	.close = mdev_doorbell_close,
	.mremap = mdev_doorbell_mremap,
	.fault = mdev_doorbell_fault,
};

/**
 * mdev_doorbell_mmap() - map the doorbell of a virtqueue
 * @doorbell: the doorbell; it exists for as long as the file that is mapped
 * @vma: one page, shared, for writing
 * @allowed: VM_WRITE; and VM_READ if it may also be mapped for reading, which a VMM
 *	does with the page of a PCI function
 *
 * Context: called with the mmap lock held.
 * Return: 0; -EINVAL for anything but the above; -EOPNOTSUPP if the virtqueue
 * has no doorbell.
 */
int mdev_doorbell_mmap(struct mdev_doorbell *doorbell,
		       struct vm_area_struct *vma, vm_flags_t allowed)
{
	lockdep_assert_held_write(&vma->vm_mm->mmap_lock);
	if (vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED) || !(vma->vm_flags & VM_WRITE) ||
	    (vma->vm_flags & (VM_READ | VM_EXEC) & ~allowed))
		return -EINVAL;

	if (doorbell->addr == PHYS_ADDR_MAX)
		return -EOPNOTSUPP;

	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	/* fork() would copy the page into a mapping that is not in the list. */
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP |
			  VM_DONTCOPY);
	/* Do not let mprotect() add what is not allowed. */
	vm_flags_clear(vma, VM_MAYEXEC |
			    (allowed & VM_READ ? 0 : VM_MAYREAD));
	vma->vm_private_data = doorbell;
	vma->vm_ops = &mdev_doorbell_ops;
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_doorbell_mmap);

/* The mm of the first listed mapping whose process has not ended, for mmput() */
static struct mm_struct *mdev_doorbells_mm(struct mdev_doorbells *all)
{
	struct mdev_doorbell_map *map, *next;
	struct mm_struct *mm = NULL;

	mutex_lock(&all->lock);
	list_for_each_entry_safe(map, next, &all->maps, node) {
		/* A listed mapping was not closed, so its mm still exists. */
		if (mmget_not_zero(map->vma->vm_mm)) {
			mm = map->vma->vm_mm;
			break;
		}
		/* Its process has ended, and removes the page by itself. */
		list_del(&map->node);
		kfree(map);
	}
	mutex_unlock(&all->lock);
	return mm;
}

static void mdev_doorbells_zap(struct mdev_doorbells *all,
			       struct mm_struct *mm)
{
	struct mdev_doorbell_map *map, *next;
	struct vm_area_struct *vma;

	/* The mmap lock is the outer one, as in a fault.  It keeps the mappings. */
	mmap_read_lock(mm);
	mutex_lock(&all->lock);
	list_for_each_entry_safe(map, next, &all->maps, node) {
		vma = map->vma;
		if (vma->vm_mm != mm)
			continue;
		zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);
		list_del(&map->node);
		kfree(map);
	}
	mutex_unlock(&all->lock);
	mmap_read_unlock(mm);
}

/**
 * mdev_doorbells_revoke() - take the doorbells out of all mappings
 * @all: those of the device
 *
 * An access to one is a SIGBUS from now on.
 *
 * Context: process context, without locks.
 */
void mdev_doorbells_revoke(struct mdev_doorbells *all)
{
	struct mm_struct *mm;

	mutex_lock(&all->lock);
	all->revoked = true;
	mutex_unlock(&all->lock);

	/* Nothing is added to the list any more. */
	while ((mm = mdev_doorbells_mm(all))) {
		mdev_doorbells_zap(all, mm);
		/* Asynchronous, because freeing an mm may take long. */
		mmput_async(mm);
	}
}
EXPORT_SYMBOL_GPL(mdev_doorbells_revoke);

/**
 * mdev_doorbell_addr() - where the doorbell of a virtqueue is
 * @cdev: the instance
 * @index: of the virtqueue
 *
 * Context: process context, serialised with the other operations of @cdev.
 * Return: the address of its page if that can be mapped, or PHYS_ADDR_MAX.
 */
phys_addr_t mdev_doorbell_addr(struct mdev_class_device *cdev, u16 index)
{
	struct virtio_mdev_notification_area area;

	if (!cdev->ops->get_vq_notification ||
	    cdev->ops->get_vq_notification(cdev, index, &area))
		return PHYS_ADDR_MAX;

	/* The user could also access whatever else is in the page. */
	if (!PAGE_ALIGNED(area.addr) || area.size < PAGE_SIZE) {
		dev_warn_once(&cdev->dev,
			      "doorbells do not have pages of their own, so that they cannot be mapped\n");
		return PHYS_ADDR_MAX;
	}
	return area.addr;
}
EXPORT_SYMBOL_GPL(mdev_doorbell_addr);

/**
 * mdev_doorbells_init() - no doorbell is mapped yet
 * @all: those of a device
 */
void mdev_doorbells_init(struct mdev_doorbells *all)
{
	mutex_init(&all->lock);
	INIT_LIST_HEAD(&all->maps);
	all->revoked = false;
}
EXPORT_SYMBOL_GPL(mdev_doorbells_init);

/**
 * mdev_doorbells_uninit() - undo mdev_doorbells_init()
 * @all: those of a device; no file of it is open
 */
void mdev_doorbells_uninit(struct mdev_doorbells *all)
{
	mutex_destroy(&all->lock);
}
EXPORT_SYMBOL_GPL(mdev_doorbells_uninit);
