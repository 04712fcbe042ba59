// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtqueues of the virtio transport.
 */

#include <linux/virtio_ring.h>

#include "virtio_mdev_private.h"

/* Entries of a virtqueue that no device ever sees */
#define VIRTIO_MDEV_DEAD_NUM	16

static bool virtio_mdev_notify(struct virtqueue *vq)
{
	struct mdev_class_device *cdev = to_virtio_mdev(vq->vdev)->cdev;

	/* Of false the core makes a broken virtqueue. */
	return cdev->ops->kick_vq(cdev, vq->index);
}

static irqreturn_t virtio_mdev_vq_callback(void *private)
{
	return vring_interrupt(0, private);
}

/* A driver that polls, or waits, finds out instead of spinning forever. */
static void virtio_mdev_vq_error(void *private)
{
	struct virtqueue *vq = private;

	/*
	 * The reset of the hardware, or a kick that nobody answers, has broken it,
	 * and there was a message about that.
	 */
	if (virtqueue_is_broken(vq))
		return;
	dev_err_ratelimited(&vq->vdev->dev,
			    "the device found an error in virtqueue %u (%s) and has stopped it\n",
			    vq->index, vq->name);
	__virtqueue_break(vq);
}

static irqreturn_t virtio_mdev_config_callback(void *private)
{
	virtio_config_changed(private);
	return IRQ_HANDLED;
}

/* Hand a ring in its initial state to the device. */
static int virtio_mdev_activate_vq(struct virtqueue *vq)
{
	struct mdev_class_device *cdev = to_virtio_mdev(vq->vdev)->cdev;
	const struct virtio_mdev_ops *ops = cdev->ops;
	struct virtio_mdev_vq_state state = {};
	struct virtio_mdev_callback cb = {
		.callback = vq->callback ? virtio_mdev_vq_callback : NULL,
		.error = virtio_mdev_vq_error,
		.private = vq,
	};
	u16 idx = vq->index;
	int ret;

	ret = ops->set_vq_num(cdev, idx, virtqueue_get_vring_size(vq));
	if (ret)
		return ret;

	ret = ops->set_vq_address(cdev, idx, virtqueue_get_desc_addr(vq),
				  virtqueue_get_avail_addr(vq),
				  virtqueue_get_used_addr(vq));
	if (ret)
		return ret;

	if (virtio_has_feature(vq->vdev, VIRTIO_F_RING_PACKED)) {
		state.packed.last_avail_counter = 1;
		state.packed.last_used_counter = 1;
	}
	ret = ops->set_vq_state(cdev, idx, &state);
	if (ret)
		return ret;

	ops->set_vq_cb(cdev, idx, &cb);
	ret = ops->set_vq_ready(cdev, idx, true);
	if (ret)
		ops->set_vq_cb(cdev, idx, NULL);
	return ret;
}

static struct virtqueue *virtio_mdev_setup_vq(struct virtio_device *vdev,
					      unsigned int index,
					      const struct virtqueue_info *info)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);
	struct mdev_class_device *cdev = vm->cdev;
	const struct virtio_mdev_ops *ops = cdev->ops;
	u32 num, num_max, num_min, align;
	struct virtqueue *vq;
	int ret;

	if (index >= ops->get_vq_count(cdev)) {
		dev_err(&vdev->dev,
			"the driver wants virtqueue %u (%s), the device has %u\n",
			index, info->name, ops->get_vq_count(cdev));
		return ERR_PTR(-ENOENT);
	}

	/* A former user did not give it back: the device may still use its ring. */
	if (!vm->dead && ops->get_vq_ready(cdev, index)) {
		dev_err(&vdev->dev, "virtqueue %u (%s) is in use already\n",
			index, info->name);
		return ERR_PTR(-EBUSY);
	}

	num_max = ops->get_vq_num_max(cdev, index);
	num_min = ops->get_vq_num_min ? ops->get_vq_num_min(cdev, index) : 1;
	num = ops->get_vq_size ? ops->get_vq_size(cdev, index) : num_max;
	align = ops->get_vq_align ? ops->get_vq_align(cdev) : PAGE_SIZE;
	if (vm->dead) {
		num_max = VIRTIO_MDEV_DEAD_NUM;
		num = num_max;
	}
	if (!num || num > num_max)
		num = num_max;
	if (!num)
		return ERR_PTR(-ENOENT);

	vq = vring_create_virtqueue(index, num, align, vdev, true,
				    num > num_min, info->ctx,
				    virtio_mdev_notify, info->callback,
				    info->name);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->num_max = num_max;

	ret = vm->dead ? 0 : virtio_mdev_activate_vq(vq);
	if (ret) {
		dev_err(&vdev->dev,
			"the device refuses virtqueue %u (%s) of %u entries: %pe\n",
			index, info->name, virtqueue_get_vring_size(vq),
			ERR_PTR(ret));
		if (!virtio_mdev_give_up(vm)) {
			vring_del_virtqueue(vq);
			return ERR_PTR(ret);
		}
	}
	if (vm->dead)
		__virtqueue_break(vq);
	return vq;
}

static void virtio_mdev_del_vq(struct virtqueue *vq)
{
	struct mdev_class_device *cdev = to_virtio_mdev(vq->vdev)->cdev;

	/* In this order: a device that uses the ring may call back. */
	cdev->ops->set_vq_ready(cdev, vq->index, false);
	cdev->ops->set_vq_cb(cdev, vq->index, NULL);
	vring_del_virtqueue(vq);
}

static void virtio_mdev_del_vqs_locked(struct virtio_mdev_device *vm)
{
	struct virtqueue *vq, *n;

	vm->cdev->ops->set_config_cb(vm->cdev, NULL);
	list_for_each_entry_safe(vq, n, &vm->vdev.vqs, list)
		virtio_mdev_del_vq(vq);
}

/**
 * virtio_mdev_del_vqs() - give all virtqueues back
 * @vdev: a virtio device of ours
 *
 * When it returns no callback runs, nor will any.
 */
void virtio_mdev_del_vqs(struct virtio_device *vdev)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);

	mutex_lock(&vm->lock);
	virtio_mdev_del_vqs_locked(vm);
	mutex_unlock(&vm->lock);
}

/**
 * virtio_mdev_find_vqs() - make the virtqueues that a driver wants
 * @vdev: a virtio device of ours
 * @nvqs: length of @vqs and @vqs_info
 * @vqs: the result
 * @vqs_info: what is wanted; one without a name stays NULL in @vqs and takes
 *	no index of the device
 * @desc: not used: it spreads interrupt vectors, and there are none
 *
 * Return: 0 or a negative errno.
 */
int virtio_mdev_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
			 struct virtqueue *vqs[],
			 struct virtqueue_info vqs_info[],
			 struct irq_affinity *desc)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);
	struct mdev_class_device *cdev = vm->cdev;
	struct virtio_mdev_callback cb = {
		.callback = virtio_mdev_config_callback,
		.private = vdev,
	};
	unsigned int i, index = 0;
	int ret = 0;

	mutex_lock(&vm->lock);
	for (i = 0; i < nvqs; i++) {
		if (!vqs_info[i].name) {
			vqs[i] = NULL;
			continue;
		}
		vqs[i] = virtio_mdev_setup_vq(vdev, index++, &vqs_info[i]);
		if (IS_ERR(vqs[i])) {
			ret = PTR_ERR(vqs[i]);
			virtio_mdev_del_vqs_locked(vm);
			goto out;
		}
	}
	cdev->ops->set_config_cb(cdev, &cb);
out:
	mutex_unlock(&vm->lock);
	return ret;
}

/**
 * virtio_mdev_disable_vq_and_reset() - take one virtqueue out of use
 * @vq: a virtqueue that the driver has stopped using
 *
 * Return: 0, and the virtqueue's callback does not run any more; or the error
 * of the parent, and nothing has changed.
 */
int virtio_mdev_disable_vq_and_reset(struct virtqueue *vq)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vq->vdev);
	struct mdev_class_device *cdev = vm->cdev;
	int ret;

	if (!virtio_has_feature(vq->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;

	mutex_lock(&vm->lock);
	ret = cdev->ops->reset_vq(cdev, vq->index);
	if (!ret) {
		cdev->ops->set_vq_cb(cdev, vq->index, NULL);
		/* It stays broken if it cannot be enabled again. */
		__virtqueue_break(vq);
		vq->reset = true;
	}
	mutex_unlock(&vm->lock);
	return ret;
}

/**
 * virtio_mdev_enable_vq_after_reset() - put the virtqueue to use again
 * @vq: from virtio_mdev_disable_vq_and_reset(), with a new ring
 *
 * Return: 0 or a negative errno; the virtqueue stays broken then.
 */
int virtio_mdev_enable_vq_after_reset(struct virtqueue *vq)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vq->vdev);
	int ret;

	if (!vq->reset)
		return -EBUSY;

	/* Before the device sees the queue: it may find the next error at once */
	__virtqueue_unbreak(vq);
	mutex_lock(&vm->lock);
	ret = virtio_mdev_activate_vq(vq);
	if (ret) {
		__virtqueue_break(vq);
		dev_err(&vq->vdev->dev,
			"the device does not take virtqueue %u (%s) of %u entries after its reset: %pe\n",
			vq->index, vq->name, virtqueue_get_vring_size(vq),
			ERR_PTR(ret));
	} else {
		vq->reset = false;
	}
	mutex_unlock(&vm->lock);
	return ret;
}
