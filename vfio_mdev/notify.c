// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications: the ways in which a driver kicks a virtqueue.
 */

#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/virtio_mdev.h>

#include "bar.h"
#include "notify.h"
#include "queue.h"
#include "vfio_mdev.h"

/* The virtqueue whose part of the BAR has @offset, or NULL */
static struct vfio_mdev_queue *vfio_mdev_notified(struct vfio_mdev *fn,
						  u64 offset)
{
	u64 index = offset / VFIO_MDEV_NOTIFY_STEP;

	if (index >= fn->nvqs)
		return NULL;
	return &fn->queues[array_index_nospec(index, fn->nvqs)];
}

/**
 * vfio_mdev_notify() - the driver writes to the notification BAR
 * @fn: the device
 * @offset: where; what it writes says nothing more
 *
 * Context: with the lock held, or in an RCU read section in which the device was not
 * revoked.
 */
void vfio_mdev_notify(struct vfio_mdev *fn, u64 offset)
{
	struct vfio_mdev_queue *queue = vfio_mdev_notified(fn, offset);
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);

	if (queue)
		cdev->ops->kick_vq(cdev, queue->index);
}

/* ---- by an eventfd ---- */

/**
 * vfio_mdev_set_ioeventfd() - VFIO_DEVICE_IOEVENTFD: an eventfd in place of a write
 * @fn: the device, its lock held
 * @set: what the VMM asks for
 *
 * Each virtqueue has one at most.  It kicks whatever value it is to write, and also
 * while the function does not answer writes.
 *
 * Return: 0; -EINVAL for flags that are not exactly one size, or an offset at which a
 * write of that size does not kick; -EEXIST if the virtqueue has an eventfd; -ENODEV
 * if none is there to be removed; -EBADF or -EINVAL for what is no eventfd.
 */
int vfio_mdev_set_ioeventfd(struct vfio_mdev *fn,
			    const struct vfio_device_ioeventfd *set)
{
	unsigned int size = set->flags & VFIO_DEVICE_IOEVENTFD_SIZE_MASK;
	u64 offset = set->offset - vfio_mdev_region_offset(VFIO_MDEV_BAR_NOTIFY);
	struct vfio_mdev_queue *queue;
	int ret;

	lockdep_assert_held(&fn->session.lock);
	/* The flags of sizes have their values in bytes. */
	BUILD_BUG_ON(sizeof(u64) != VFIO_DEVICE_IOEVENTFD_64);
	if (set->flags != size || !is_power_of_2(size) || set->fd < -1 ||
	    !IS_ALIGNED(offset, size))
		return -EINVAL;
	/* An offset below that of the BAR has become a very large one. */
	queue = vfio_mdev_notified(fn, offset);
	if (!queue)
		return -EINVAL;

	if (set->fd == -1) {
		if (!mdev_kick_is_set(&queue->kick) || queue->kick_offset != offset ||
		    queue->kick_data != set->data || queue->kick_size != size)
			return -ENODEV;
		mdev_kick_clear(&queue->kick);
		return 0;
	}
	if (mdev_kick_is_set(&queue->kick))
		return -EEXIST;
	ret = mdev_kick_set(&queue->kick, set->fd);
	if (ret)
		return ret;
	queue->kick_offset = offset;
	queue->kick_data = set->data;
	queue->kick_size = size;
	return 0;
}

/* ---- by a page of the hardware ---- */

static unsigned int vfio_mdev_nr_doorbells(const struct vfio_mdev *fn)
{
	unsigned int i, n = 0;

	for (i = 0; i < fn->nvqs; i++)
		n += fn->queues[i].doorbell.addr != PHYS_ADDR_MAX;
	return n;
}

/**
 * vfio_mdev_has_doorbell() - whether any page of the notification BAR can be mapped
 * @fn: the device, open
 *
 * Return: true if one can.
 */
bool vfio_mdev_has_doorbell(const struct vfio_mdev *fn)
{
	return vfio_mdev_nr_doorbells(fn);
}

/**
 * vfio_mdev_doorbell_areas() - tell which pages can be mapped
 * @fn: the device, open, with a doorbell
 * @caps: gets the capability VFIO_REGION_INFO_CAP_SPARSE_MMAP, with one area for each
 *	virtqueue, since each is mapped by itself
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_mdev_doorbell_areas(const struct vfio_mdev *fn,
			     struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	unsigned int i, n = 0;
	int ret;

	sparse = kvzalloc(struct_size(sparse, areas,
				      vfio_mdev_nr_doorbells(fn)),
			  GFP_KERNEL_ACCOUNT);
	if (!sparse)
		return -ENOMEM;
	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	for (i = 0; i < fn->nvqs; i++) {
		if (fn->queues[i].doorbell.addr == PHYS_ADDR_MAX)
			continue;
		sparse->areas[n].offset = i * VFIO_MDEV_NOTIFY_STEP;
		sparse->areas[n].size = PAGE_SIZE;
		n++;
	}
	sparse->nr_areas = n;
	ret = vfio_info_add_capability(caps, &sparse->header,
				       struct_size(sparse, areas, n));
	kvfree(sparse);
	return ret;
}

/**
 * vfio_mdev_doorbell_mmap() - map the doorbell of a virtqueue
 * @fn: the device, open
 * @offset: in the notification BAR
 * @vma: one page
 *
 * Context: called with the mmap lock held, hence without that of the device.
 * Return: 0; -EINVAL if there is no such virtqueue, or for a mapping that
 * mdev_doorbell_mmap() does not make; -EOPNOTSUPP if it has no doorbell.
 */
int vfio_mdev_doorbell_mmap(struct vfio_mdev *fn, u64 offset,
			    struct vm_area_struct *vma)
{
	struct vfio_mdev_queue *queue = vfio_mdev_notified(fn, offset);

	if (!queue)
		return -EINVAL;
	return mdev_doorbell_mmap(&queue->doorbell, vma, VM_READ | VM_WRITE);
}
