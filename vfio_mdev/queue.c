// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtqueues: what the driver has set up, and how they get to the parent.
 */

#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>
#include <linux/virtio_pci.h>

#include "queue.h"
#include "vector.h"
#include "vfio_mdev.h"

/* ---- signals ---- */

static irqreturn_t vfio_mdev_queue_used(void *private)
{
	struct vfio_mdev_queue *queue = private;

	vfio_mdev_signal_queue(queue->fn, READ_ONCE(queue->vector));
	return IRQ_HANDLED;
}

static void vfio_mdev_queue_broke(void *private)
{
	struct vfio_mdev_queue *queue = private;

	vfio_mdev_break(queue->fn);
}

/* ---- registers ---- */

/**
 * vfio_mdev_selected() - the virtqueue that the registers show
 * @fn: the device, its lock held
 *
 * Return: the virtqueue, or NULL if there is none of that index.
 */
struct vfio_mdev_queue *vfio_mdev_selected(struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	if (fn->queue_select >= fn->nvqs)
		return NULL;
	return &fn->queues[array_index_nospec(fn->queue_select, fn->nvqs)];
}

/**
 * vfio_mdev_queue_enabled() - whether the parent serves a virtqueue
 * @queue: the virtqueue, the lock held
 *
 * Return: true if it does, or will with DRIVER_OK.
 */
bool vfio_mdev_queue_enabled(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->fn);

	lockdep_assert_held(&queue->fn->session.lock);
	return cdev->ops->get_vq_ready(cdev, queue->index);
}

/**
 * vfio_mdev_queue_start() - have the parent serve a virtqueue
 * @queue: the virtqueue, not enabled, the lock held
 * @state: where it begins; NULL for the beginning
 *
 * Return: 0; -EINVAL if its size is too large; what the parent failed with.
 */
int vfio_mdev_queue_start(struct vfio_mdev_queue *queue,
			  const struct virtio_mdev_vq_state *state)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->fn);
	const struct virtio_mdev_ops *ops = cdev->ops;
	int ret;

	lockdep_assert_held(&queue->fn->session.lock);
	if (queue->size > ops->get_vq_num_max(cdev, queue->index))
		return -EINVAL;
	ret = ops->set_vq_num(cdev, queue->index, queue->size);
	if (ret)
		return ret;
	ret = ops->set_vq_address(cdev, queue->index, queue->desc,
				  queue->driver, queue->device);
	if (ret)
		return ret;
	ret = state ? ops->set_vq_state(cdev, queue->index, state) : 0;
	if (ret)
		return ret;
	return ops->set_vq_ready(cdev, queue->index, true);
}

/**
 * vfio_mdev_queue_enable() - the driver enables a virtqueue
 * @queue: the virtqueue, the lock held
 *
 * Registers have no errors, so if it cannot be served the device needs a reset.
 */
void vfio_mdev_queue_enable(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->fn);
	int ret;

	lockdep_assert_held(&queue->fn->session.lock);
	if (vfio_mdev_queue_enabled(queue))
		return;
	ret = vfio_mdev_queue_start(queue, NULL);
	if (!ret)
		return;
	dev_warn_ratelimited(&cdev->dev,
			     "virtqueue %u with %u entries at %#llx, %#llx, %#llx cannot be enabled: %pe; the driver has to reset the device\n",
			     queue->index, queue->size, queue->desc,
			     queue->driver, queue->device, ERR_PTR(ret));
	vfio_mdev_break(queue->fn);
}

static void vfio_mdev_queue_defaults(struct vfio_mdev_queue *queue)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->fn);

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
	struct mdev_class_device *cdev = vfio_mdev_cdev(queue->fn);
	int ret;

	lockdep_assert_held(&queue->fn->session.lock);
	if (!(cdev->ops->get_driver_features(cdev) &
	      BIT_ULL(VIRTIO_F_RING_RESET)))
		return;
	ret = cdev->ops->reset_vq(cdev, queue->index);
	if (ret) {
		dev_warn_ratelimited(&cdev->dev,
				     "virtqueue %u cannot be reset: %pe; the driver has to reset the device\n",
				     queue->index, ERR_PTR(ret));
		vfio_mdev_break(queue->fn);
		return;
	}
	vfio_mdev_queue_defaults(queue);
}

/* ---- all of them ---- */

/**
 * vfio_mdev_queues_reset() - the registers as they are after a reset
 * @fn: the device, reset, its lock held
 */
void vfio_mdev_queues_reset(struct vfio_mdev *fn)
{
	u16 i;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < fn->nvqs; i++)
		vfio_mdev_queue_defaults(&fn->queues[i]);
}

/**
 * vfio_mdev_queues_nudge() - have both sides look at all virtqueues
 * @fn: the device, running, its lock held
 *
 * What was kicked or signalled on the way from one host to another may be lost.
 */
void vfio_mdev_queues_nudge(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u16 i;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < fn->nvqs; i++) {
		if (!vfio_mdev_queue_enabled(&fn->queues[i]))
			continue;
		cdev->ops->kick_vq(cdev, i);
		vfio_mdev_signal_queue(fn, fn->queues[i].vector);
	}
	vfio_mdev_signal_config(fn);
}

/**
 * vfio_mdev_queues_open() - get the virtqueues ready for a user
 * @fn: the device, its lock held
 */
void vfio_mdev_queues_open(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	struct virtio_mdev_callback cb = {
		.callback = vfio_mdev_queue_used,
		.error = vfio_mdev_queue_broke,
	};
	u16 i;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < fn->nvqs; i++) {
		struct vfio_mdev_queue *queue = &fn->queues[i];

		/* Once, because mmap() cannot take the lock */
		queue->doorbell.addr = mdev_doorbell_addr(cdev, i);
		mdev_kick_init(&queue->kick, cdev, i);
		cb.private = queue;
		cdev->ops->set_vq_cb(cdev, i, &cb);
	}
}

/**
 * vfio_mdev_queues_close() - undo vfio_mdev_queues_open()
 * @fn: the device, reset, its lock held
 */
void vfio_mdev_queues_close(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u16 i;

	lockdep_assert_held(&fn->session.lock);
	for (i = 0; i < fn->nvqs; i++) {
		mdev_kick_clear(&fn->queues[i].kick);
		cdev->ops->set_vq_cb(cdev, i, NULL);
	}
}

/**
 * vfio_mdev_queues_init() - allocate the virtqueues
 * @fn: the device, with their number
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_mdev_queues_init(struct vfio_mdev *fn)
{
	u16 i;

	fn->queues = kvcalloc(fn->nvqs, sizeof(*fn->queues), GFP_KERNEL);
	if (!fn->queues)
		return -ENOMEM;
	for (i = 0; i < fn->nvqs; i++) {
		fn->queues[i].fn = fn;
		fn->queues[i].index = i;
		fn->queues[i].doorbell.all = &fn->session.doorbells;
		fn->queues[i].doorbell.addr = PHYS_ADDR_MAX;
	}
	return 0;
}

/**
 * vfio_mdev_queues_uninit() - undo vfio_mdev_queues_init()
 * @fn: the device
 */
void vfio_mdev_queues_uninit(struct vfio_mdev *fn)
{
	kvfree(fn->queues);
}
