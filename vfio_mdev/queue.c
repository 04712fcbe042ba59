// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtqueues: what the driver has set up, and how they get to the parent.
 */

#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>
#include <linux/virtio_pci.h>

#include "device.h"
#include "queue.h"
#include "vector.h"
#include "vfio_mdev.h"

/* ---- signals ---- */

static irqreturn_t vfio_mdev_queue_used(void *private)
{
	struct vfio_mdev_queue *queue = private;

	vfio_mdev_signal(queue->vm, READ_ONCE(queue->vector),
			 VFIO_MDEV_ISR_QUEUE);
	return IRQ_HANDLED;
}

static void vfio_mdev_queue_broke(void *private)
{
	struct vfio_mdev_queue *queue = private;

	vfio_mdev_break(queue->vm);
}

/* ---- registers ---- */

/**
 * vfio_mdev_selected() - the virtqueue that the registers show
 * @vm: the device, its lock held
 *
 * Return: the virtqueue, or NULL if there is none of that index.
 */
struct vfio_mdev_queue *vfio_mdev_selected(struct vfio_mdev *vm)
{
	lockdep_assert_held(&vm->session.lock);
	if (vm->queue_select >= vm->nvqs)
		return NULL;
	return &vm->queues[array_index_nospec(vm->queue_select, vm->nvqs)];
}

/**
 * vfio_mdev_queue_enabled() - whether the parent serves a virtqueue
 * @queue: the virtqueue, the lock held
 *
 * Return: true if it does, or will with DRIVER_OK.
 */
bool vfio_mdev_queue_enabled(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->vm);

	return cdev->ops->get_vq_ready(cdev, queue->index);
}

static int vfio_mdev_queue_start(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->vm);
	const struct virtio_mdev_ops *ops = cdev->ops;
	int ret;

	if (queue->size > ops->get_vq_num_max(cdev, queue->index))
		return -EINVAL;
	ret = ops->set_vq_num(cdev, queue->index, queue->size);
	if (ret)
		return ret;
	ret = ops->set_vq_address(cdev, queue->index, queue->desc,
				  queue->driver, queue->device);
	if (ret)
		return ret;
	return ops->set_vq_ready(cdev, queue->index, true);
}

/**
 * vfio_mdev_queue_enable() - have the parent serve a virtqueue
 * @queue: the virtqueue, the lock held
 *
 * Registers have no errors, so if it cannot be served the device needs a reset.
 */
void vfio_mdev_queue_enable(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->vm);
	int ret;

	if (vfio_mdev_queue_enabled(queue))
		return;
	ret = vfio_mdev_queue_start(queue);
	if (!ret)
		return;
	dev_warn_ratelimited(&cdev->dev,
			     "virtqueue %u with %u entries at %#llx, %#llx, %#llx cannot be enabled: %pe; the driver has to reset the device\n",
			     queue->index, queue->size, queue->desc,
			     queue->driver, queue->device, ERR_PTR(ret));
	vfio_mdev_break(queue->vm);
}

static void vfio_mdev_queue_defaults(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->vm);

	WRITE_ONCE(queue->vector, VIRTIO_MSI_NO_VECTOR);
	queue->size = cdev->ops->get_vq_size ?
		      cdev->ops->get_vq_size(cdev, queue->index) :
		      cdev->ops->get_vq_num_max(cdev, queue->index);
	queue->desc = 0;
	queue->driver = 0;
	queue->device = 0;
}

/**
 * vfio_mdev_queue_reset() - reset one virtqueue (virtio 1.2, section 2.6.1)
 * @queue: the virtqueue, the lock held
 *
 * Ignored if VIRTIO_F_RING_RESET was not negotiated.
 */
void vfio_mdev_queue_reset(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->vm);
	int ret;

	if (!(cdev->ops->get_driver_features(cdev) &
	      BIT_ULL(VIRTIO_F_RING_RESET)))
		return;
	ret = cdev->ops->reset_vq(cdev, queue->index);
	if (ret) {
		dev_warn_ratelimited(&cdev->dev,
				     "virtqueue %u cannot be reset: %pe; the driver has to reset the device\n",
				     queue->index, ERR_PTR(ret));
		vfio_mdev_break(queue->vm);
		return;
	}
	vfio_mdev_queue_defaults(queue);
}

/* ---- all of them ---- */

/**
 * vfio_mdev_queues_reset() - the registers as they are after a reset
 * @vm: the device, reset, its lock held
 */
void vfio_mdev_queues_reset(struct vfio_mdev *vm)
{
	u16 i;

	for (i = 0; i < vm->nvqs; i++)
		vfio_mdev_queue_defaults(&vm->queues[i]);
}

/**
 * vfio_mdev_queues_open() - get the virtqueues ready for a user
 * @vm: the device, its lock held
 */
void vfio_mdev_queues_open(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	struct virtio_mdev_callback cb = {
		.callback = vfio_mdev_queue_used,
		.error = vfio_mdev_queue_broke,
	};
	u16 i;

	for (i = 0; i < vm->nvqs; i++) {
		struct vfio_mdev_queue *queue = &vm->queues[i];

		/* Once, because mmap() cannot take the lock */
		queue->doorbell.addr = mdev_doorbell_addr(cdev, i);
		mdev_kick_init(&queue->kick, cdev, i);
		cb.private = queue;
		cdev->ops->set_vq_cb(cdev, i, &cb);
	}
}

/**
 * vfio_mdev_queues_close() - undo vfio_mdev_queues_open()
 * @vm: the device, reset, its lock held
 */
void vfio_mdev_queues_close(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	u16 i;

	for (i = 0; i < vm->nvqs; i++) {
		mdev_kick_clear(&vm->queues[i].kick);
		cdev->ops->set_vq_cb(cdev, i, NULL);
	}
}

/**
 * vfio_mdev_queues_init() - allocate the virtqueues
 * @vm: the device, with their number
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_mdev_queues_init(struct vfio_mdev *vm)
{
	u16 i;

	vm->queues = kvcalloc(vm->nvqs, sizeof(*vm->queues), GFP_KERNEL);
	if (!vm->queues)
		return -ENOMEM;
	for (i = 0; i < vm->nvqs; i++) {
		vm->queues[i].vm = vm;
		vm->queues[i].index = i;
		vm->queues[i].doorbell.all = &vm->session.doorbells;
		vm->queues[i].doorbell.addr = PHYS_ADDR_MAX;
	}
	return 0;
}

/**
 * vfio_mdev_queues_uninit() - undo vfio_mdev_queues_init()
 * @vm: the device
 */
void vfio_mdev_queues_uninit(struct vfio_mdev *vm)
{
	kvfree(vm->queues);
}
