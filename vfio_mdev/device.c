// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio device: features, status, reset, and when it runs.
 */

#include <linux/mdev_mem.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>
#include <linux/virtio_pci.h>

#include "device.h"
#include "queue.h"
#include "vector.h"
#include "vfio_mdev.h"

/* What a driver may set of the status */
#define VFIO_MDEV_STATUS	(VIRTIO_CONFIG_S_ACKNOWLEDGE |	\
				 VIRTIO_CONFIG_S_DRIVER |	\
				 VIRTIO_CONFIG_S_DRIVER_OK |	\
				 VIRTIO_CONFIG_S_FEATURES_OK |	\
				 VIRTIO_CONFIG_S_FAILED)

/* Features that take more than the function has: data in a kick, SR-IOV, groups */
#define VFIO_MDEV_FILTER	(BIT_ULL(VIRTIO_F_SR_IOV) |		\
				 BIT_ULL(VIRTIO_F_NOTIFICATION_DATA) |	\
				 BIT_ULL(VIRTIO_F_NOTIF_CONFIG_DATA) |	\
				 BIT_ULL(VIRTIO_F_ADMIN_VQ))

/* ---- features ---- */

/**
 * vfio_mdev_features() - what the device offers
 * @vm: the device, its lock held
 *
 * Return: feature bits.
 */
u64 vfio_mdev_features(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	u64 features = cdev->ops->get_device_features(cdev) & ~VFIO_MDEV_FILTER;

	if (!cdev->ops->reset_vq)
		features &= ~BIT_ULL(VIRTIO_F_RING_RESET);
	return features;
}

static int vfio_mdev_check_features(struct vfio_mdev *vm)
{
	const u64 platform = BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	u64 extra = vm->driver_features & ~vfio_mdev_features(vm);

	if (extra) {
		dev_warn_ratelimited(&cdev->dev,
				     "the driver accepts features that were not offered: %#llx\n",
				     extra);
		return -EINVAL;
	}
	/*
	 * A software device reaches the memory of the VMM's container in either
	 * case.  Hardware that is told nothing may go around its IOMMU.
	 */
	if (virtio_mdev_dma_dev(cdev) && !(vm->driver_features & platform)) {
		dev_warn_ratelimited(&cdev->dev,
				     "the driver has to accept VIRTIO_F_ACCESS_PLATFORM (bit 33): the device is hardware behind an IOMMU\n");
		return -EINVAL;
	}
	return 0;
}

/* Returns whether the device can be used with the features of the driver. */
static bool vfio_mdev_accept_features(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);

	return !vfio_mdev_check_features(vm) &&
	       !cdev->ops->set_driver_features(cdev, vm->driver_features);
}

/* ---- status ---- */

static irqreturn_t vfio_mdev_config_changed(void *private)
{
	struct vfio_mdev *vm = private;

	vfio_mdev_signal(vm, READ_ONCE(vm->config_vector),
			 VFIO_MDEV_ISR_CONFIG);
	return IRQ_HANDLED;
}

/**
 * vfio_mdev_break() - the device needs a reset, and its driver is told
 * @vm: the device
 *
 * Context: any.
 */
void vfio_mdev_break(struct vfio_mdev *vm)
{
	WRITE_ONCE(vm->broken, true);
	vfio_mdev_config_changed(vm);
}

/**
 * vfio_mdev_get_status() - the device status (virtio 1.2, section 2.1)
 * @vm: the device, its lock held
 *
 * Return: its bits.
 */
u8 vfio_mdev_get_status(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	u8 status = vm->status;

	status |= cdev->ops->get_status(cdev) & VIRTIO_CONFIG_S_NEEDS_RESET;
	if (READ_ONCE(vm->broken))
		status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	return status;
}

static void vfio_mdev_start(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	int ret;

	ret = vm->live ? cdev->ops->resume(cdev) :
			 cdev->ops->set_status(cdev, vm->status);
	if (ret) {
		dev_warn_ratelimited(&cdev->dev,
				     "the device cannot start: %pe; the driver has to reset it\n",
				     ERR_PTR(ret));
		vfio_mdev_break(vm);
		return;
	}
	vm->live = true;
	vm->running = true;
}

/* It has to stop: a device that cannot be suspended loses its state. */
static void vfio_mdev_stop(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	int ret = -EOPNOTSUPP;

	if (cdev->ops->suspend)
		ret = cdev->ops->suspend(cdev);
	vm->running = false;
	if (!ret)
		return;
	dev_warn_ratelimited(&cdev->dev,
			     "the device cannot pause while it is no bus master: %pe; the driver has to reset it\n",
			     ERR_PTR(ret));
	cdev->ops->reset(cdev);
	vm->live = false;
	vfio_mdev_break(vm);
}

/**
 * vfio_mdev_update() - have the device run, or not, as the registers say
 * @vm: the device, its lock held
 *
 * It runs with DRIVER_OK while the function has power and is a bus master.
 */
void vfio_mdev_update(struct vfio_mdev *vm)
{
	bool master = vfio_mdev_bus_master(vm);
	bool run = master && vm->status & VIRTIO_CONFIG_S_DRIVER_OK;

	lockdep_assert_held(&vm->session.lock);
	WRITE_ONCE(vm->decoding, vfio_mdev_memory_enabled(vm));
	if (run && !vm->running && !READ_ONCE(vm->broken))
		vfio_mdev_start(vm);
	else if (!run && vm->running)
		vfio_mdev_stop(vm);
	vfio_mdev_vectors_mask(vm, !master);
}

/* ---- reset ---- */

static int vfio_mdev_reset_device(struct vfio_mdev *vm)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	int ret;

	lockdep_assert_held(&vm->session.lock);
	ret = cdev->ops->reset(cdev);
	if (ret)
		dev_err_ratelimited(&cdev->dev,
				    "the device cannot be reset: %pe\n",
				    ERR_PTR(ret));
	else
		mdev_vfio_device_mem_drop(&vm->vfio);
	vm->status = 0;
	vm->live = false;
	vm->running = false;
	vm->device_select = 0;
	vm->driver_select = 0;
	vm->driver_features = 0;
	vm->queue_select = 0;
	WRITE_ONCE(vm->config_vector, VIRTIO_MSI_NO_VECTOR);
	vfio_mdev_queues_reset(vm);
	vfio_mdev_vectors_clear(vm);
	/* A driver sees that a reset has failed by a status that is not 0. */
	WRITE_ONCE(vm->broken, ret);
	return ret;
}

/**
 * vfio_mdev_reset_function() - reset the whole function
 * @vm: the device, its lock held
 *
 * The eventfds that a VMM has set stay.
 *
 * Return: 0, or what the parent's reset failed with.
 */
int vfio_mdev_reset_function(struct vfio_mdev *vm)
{
	int ret;

	ret = vfio_mdev_reset_device(vm);
	vfio_mdev_pci_config_init(vm);
	vfio_mdev_update(vm);
	return ret;
}

/**
 * vfio_mdev_set_status() - the driver writes the device status
 * @vm: the device, its lock held
 * @status: what it writes; 0 resets the device, other bits can only be added
 */
void vfio_mdev_set_status(struct vfio_mdev *vm, u8 status)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(vm);
	u8 new, steps;

	if (!status) {
		vfio_mdev_reset_device(vm);
		return;
	}
	status = (status & VFIO_MDEV_STATUS) | vm->status;
	new = status & ~vm->status;
	if (new & VIRTIO_CONFIG_S_FEATURES_OK && !vfio_mdev_accept_features(vm))
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	/* A driver looks whether FEATURES_OK stays before it goes on. */
	if (!(status & VIRTIO_CONFIG_S_FEATURES_OK))
		status &= ~VIRTIO_CONFIG_S_DRIVER_OK;

	/* DRIVER_OK is for vfio_mdev_update(). */
	steps = status;
	if (!vm->live)
		steps &= ~VIRTIO_CONFIG_S_DRIVER_OK;
	if (steps & ~vm->status && cdev->ops->set_status(cdev, steps)) {
		status = vm->status;
		vfio_mdev_break(vm);
	}
	vm->status = status;
	vfio_mdev_update(vm);
}

/* ---- use by a program ---- */

static int vfio_mdev_begin(struct mdev_session *s)
{
	struct vfio_mdev *vm = container_of(s, struct vfio_mdev, session);
	struct virtio_mdev_callback cb = {
		.callback = vfio_mdev_config_changed,
		.private = vm,
	};
	int ret;

	lockdep_assert_held(&s->lock);
	mdev_vfio_device_mem_open(&vm->vfio);
	ret = vfio_mdev_reset_function(vm);
	if (ret) {
		mdev_vfio_device_mem_close(&vm->vfio);
		return ret;
	}
	vfio_mdev_queues_open(vm);
	s->cdev->ops->set_config_cb(s->cdev, &cb);
	s->cdev->mem = mdev_vfio_device_mem(&vm->vfio);
	/* A VMM does not know that the function looks at the memory by itself. */
	if (s->cdev->mem)
		s->cdev->mem->rings_return = true;
	return 0;
}

static void vfio_mdev_end(struct mdev_session *s)
{
	struct vfio_mdev *vm = container_of(s, struct vfio_mdev, session);

	lockdep_assert_held(&s->lock);
	/*
	 * There is nobody to report a failed reset to.  Closing the memory is
	 * safe even if the device still uses it.
	 */
	vfio_mdev_reset_function(vm);
	s->cdev->ops->set_config_cb(s->cdev, NULL);
	vfio_mdev_queues_close(vm);
	vfio_mdev_vectors_close(vm);
	s->cdev->mem = NULL;
	mdev_vfio_device_mem_close(&vm->vfio);
}

static bool vfio_mdev_ask(struct mdev_session *s)
{
	return mdev_vfio_device_ask(&container_of(s, struct vfio_mdev,
						  session)->vfio);
}

const struct mdev_session_ops vfio_mdev_session_ops = {
	.begin = vfio_mdev_begin,
	.end = vfio_mdev_end,
	.ask = vfio_mdev_ask,
};
