// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-wide operations of the virtio transport: configuration space, status
 * and features.
 */

#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/virtio_ring.h>

#include "virtio_mdev_private.h"

static struct mdev_class_device *vdev_to_cdev(struct virtio_device *vdev)
{
	return to_virtio_mdev(vdev)->cdev;
}

static bool virtio_mdev_config_ok(struct virtio_device *vdev,
				  unsigned int offset, unsigned int len)
{
	struct mdev_class_device *cdev = vdev_to_cdev(vdev);
	size_t size = cdev->ops->get_config_size(cdev);

	if (offset <= size && len <= size - offset)
		return true;

	dev_err_ratelimited(&vdev->dev,
			    "the driver wants bytes %u to %llu of a configuration space of %zu: the device offers a feature without the field\n",
			    offset, (u64)offset + len, size);
	return false;
}

static void virtio_mdev_get_config(struct virtio_device *vdev,
				   unsigned int offset, void *buf,
				   unsigned int len)
{
	struct mdev_class_device *cdev = vdev_to_cdev(vdev);

	if (virtio_mdev_config_ok(vdev, offset, len))
		cdev->ops->get_config(cdev, offset, buf, len);
	else
		memset(buf, 0, len);
}

static void virtio_mdev_set_config(struct virtio_device *vdev,
				   unsigned int offset, const void *buf,
				   unsigned int len)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);
	struct mdev_class_device *cdev = vm->cdev;

	if (!virtio_mdev_config_ok(vdev, offset, len))
		return;
	mutex_lock(&vm->lock);
	cdev->ops->set_config(cdev, offset, buf, len);
	mutex_unlock(&vm->lock);
}

static u32 virtio_mdev_generation(struct virtio_device *vdev)
{
	struct mdev_class_device *cdev = vdev_to_cdev(vdev);

	return cdev->ops->get_generation ? cdev->ops->get_generation(cdev) : 0;
}

static u8 virtio_mdev_get_status(struct virtio_device *vdev)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);
	struct mdev_class_device *cdev = vm->cdev;

	if (READ_ONCE(vm->dead))
		return READ_ONCE(vm->dead_status);
	return cdev->ops->get_status(cdev);
}

/*
 * The virtio core cannot be told of a failure.  Without DRIVER_OK the device
 * would just be dead, and a driver would wait for it forever, so break its
 * virtqueues: every driver copes with that.
 */
static void virtio_mdev_start_failed(struct virtio_device *vdev, int error)
{
	struct mdev_class_device *cdev = vdev_to_cdev(vdev);
	u8 status = cdev->ops->get_status(cdev) & ~VIRTIO_CONFIG_S_NEEDS_RESET;

	dev_err(&vdev->dev, "the device cannot be started: %pe\n",
		ERR_PTR(error));
	virtio_break_device(vdev);
	mdev_class_set_status(cdev, status | VIRTIO_CONFIG_S_FAILED);
}

/*
 * A module that goes takes its devices with it, and whatever is on them: a file
 * system that is mounted, a network that is in use.  So none goes while a driver
 * uses a device.  One that is unbound, or unplugged, does.
 */
static int virtio_mdev_pin(struct virtio_mdev_device *vm)
{
	struct module *owner = mdev_class_parent_owner(vm->cdev->parent);

	lockdep_assert_held(&vm->lock);
	if (vm->pinned)
		return 0;
	/* Both pair with module_put() in virtio_mdev_unpin() */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	if (!try_module_get(owner)) {
		module_put(THIS_MODULE);
		return -ENODEV;
	}
	vm->pinned = true;
	return 0;
}

static void virtio_mdev_unpin(struct virtio_mdev_device *vm)
{
	lockdep_assert_held(&vm->lock);
	if (!vm->pinned)
		return;
	vm->pinned = false;
	module_put(mdev_class_parent_owner(vm->cdev->parent));
	/* This module's text stays: module exit unbinds the class driver first. */
	module_put(THIS_MODULE);
}

/**
 * virtio_mdev_reset_device() - reset the device, which no driver uses any more
 * @vm: the device
 *
 * Return: 0 or what the parent's reset failed with.
 */
int virtio_mdev_reset_device(struct virtio_mdev_device *vm)
{
	struct mdev_class_device *cdev = vm->cdev;
	int ret;

	mutex_lock(&vm->lock);
	ret = mdev_class_reset(cdev);
	if (!ret)
		WRITE_ONCE(vm->dead, false);
	else
		virtio_mdev_give_up(vm);
	WRITE_ONCE(vm->dead_status, 0);
	if (!vm->keep_pinned)
		virtio_mdev_unpin(vm);
	mutex_unlock(&vm->lock);
	return ret;
}

static void virtio_mdev_set_status(struct virtio_device *vdev, u8 status)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);
	struct mdev_class_device *cdev = vm->cdev;
	int ret;

	/* Only the device sets NEEDS_RESET, and 0 is written by a reset. */
	status &= ~VIRTIO_CONFIG_S_NEEDS_RESET;
	if (WARN_ON_ONCE(!status))
		return;

	mutex_lock(&vm->lock);
	ret = 0;
	if (!vm->dead && (status & VIRTIO_CONFIG_S_DRIVER_OK))
		ret = virtio_mdev_pin(vm);
	if (!vm->dead && !ret)
		ret = mdev_class_set_status(cdev, status);
	if (ret && (status & VIRTIO_CONFIG_S_DRIVER_OK)) {
		virtio_mdev_start_failed(vdev, ret);
	} else if (ret) {
		/* The core reads FEATURES_OK back; earlier bits only inform */
		dev_err(&vdev->dev, "the device refuses status %#x: %pe\n",
			status, ERR_PTR(ret));
		virtio_mdev_give_up(vm);
	}
	if (vm->dead) {
		WRITE_ONCE(vm->dead_status, status);
		/* The core may have repaired them before DRIVER_OK. */
		if (status & VIRTIO_CONFIG_S_DRIVER_OK)
			virtio_break_device(vdev);
	}
	mutex_unlock(&vm->lock);
}

/*
 * A parent calls back with bottom halves disabled, which is an RCU read section
 * too.
 */
static void virtio_mdev_synchronize_cbs(struct virtio_device *vdev)
{
	synchronize_rcu();
}

static void virtio_mdev_reset(struct virtio_device *vdev)
{
	int ret;

	ret = virtio_mdev_reset_device(to_virtio_mdev(vdev));
	if (ret)
		dev_err(&vdev->dev, "the device cannot be reset: %pe\n",
			ERR_PTR(ret));
	/*
	 * A driver frees next what its callbacks use.  No new callback starts
	 * after the reset, but one may still be running: wait for it.
	 */
	virtio_mdev_synchronize_cbs(vdev);
}

static u64 virtio_mdev_get_features(struct virtio_device *vdev)
{
	struct mdev_class_device *cdev = vdev_to_cdev(vdev);
	u64 carried = ~VIRTIO_MDEV_TRANSPORT_FEATURES |
		      VIRTIO_MDEV_RING_FEATURES;

	if (cdev->ops->reset_vq)
		carried |= BIT_ULL(VIRTIO_F_RING_RESET);
	/* The virtio core asks the DMA API for addresses if this is taken. */
	if (virtio_mdev_dma_dev(cdev))
		carried |= BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	return cdev->ops->get_device_features(cdev) & carried;
}

static int virtio_mdev_finalize_features(struct virtio_device *vdev)
{
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);
	struct mdev_class_device *cdev = vm->cdev;
	bool ring_reset = __virtio_test_bit(vdev, VIRTIO_F_RING_RESET);
	int ret;

	/* vring_transport_features() clears unknown bits, those of a transport too. */
	vring_transport_features(vdev);
	if (ring_reset)
		__virtio_set_bit(vdev, VIRTIO_F_RING_RESET);

	if (!__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vdev->dev, "the driver does not take VIRTIO_F_VERSION_1\n");
		return -EINVAL;
	}
	if (virtio_mdev_dma_dev(cdev) &&
	    !__virtio_test_bit(vdev, VIRTIO_F_ACCESS_PLATFORM)) {
		dev_err(&vdev->dev,
			"the driver does not take VIRTIO_F_ACCESS_PLATFORM\n");
		return -EINVAL;
	}

	mutex_lock(&vm->lock);
	ret = vm->dead ? 0 :
	      cdev->ops->set_driver_features(cdev, vdev->features);
	if (ret) {
		dev_err(&vdev->dev, "the device refuses features %#llx: %pe\n",
			vdev->features, ERR_PTR(ret));
		if (virtio_mdev_give_up(vm))
			ret = 0;
	}
	mutex_unlock(&vm->lock);
	return ret;
}

static const char *virtio_mdev_bus_name(struct virtio_device *vdev)
{
	return dev_name(&vdev_to_cdev(vdev)->dev);
}

/* CPU hotplug comes here, so it takes no lock that another operation holds */
static int virtio_mdev_set_vq_affinity(struct virtqueue *vq,
				       const struct cpumask *cpu_mask)
{
	struct mdev_class_device *cdev = vdev_to_cdev(vq->vdev);

	if (!cdev->ops->set_vq_affinity)
		return 0;
	return cdev->ops->set_vq_affinity(cdev, vq->index, cpu_mask);
}

static const struct cpumask *
virtio_mdev_get_vq_affinity(struct virtio_device *vdev, int index)
{
	struct mdev_class_device *cdev = vdev_to_cdev(vdev);

	if (!cdev->ops->get_vq_affinity || index < 0 ||
	    index >= cdev->ops->get_vq_count(cdev))
		return NULL;
	return cdev->ops->get_vq_affinity(cdev, index);
}

#define VIRTIO_MDEV_CONFIG_OPS						\
	.get = virtio_mdev_get_config,					\
	.set = virtio_mdev_set_config,					\
	.generation = virtio_mdev_generation,				\
	.get_status = virtio_mdev_get_status,				\
	.set_status = virtio_mdev_set_status,				\
	.reset = virtio_mdev_reset,					\
	.find_vqs = compat_find_vqs(virtio_mdev_find_vqs),		\
	.del_vqs = virtio_mdev_del_vqs,					\
	.synchronize_cbs = virtio_mdev_synchronize_cbs,			\
	.get_features = virtio_mdev_get_features,			\
	.finalize_features = virtio_mdev_finalize_features,		\
	.bus_name = virtio_mdev_bus_name,				\
	.set_vq_affinity = virtio_mdev_set_vq_affinity,			\
	.get_vq_affinity = virtio_mdev_get_vq_affinity

COMPAT_DEFINE_FIND_VQS(virtio_mdev_find_vqs);

const struct virtio_config_ops virtio_mdev_config_ops = {
	VIRTIO_MDEV_CONFIG_OPS,
};

const struct virtio_config_ops virtio_mdev_config_ops_vq_reset = {
	VIRTIO_MDEV_CONFIG_OPS,
	.disable_vq_and_reset = virtio_mdev_disable_vq_and_reset,
	.enable_vq_after_reset = virtio_mdev_enable_vq_after_reset,
};
