// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio device: features, status, reset, and when it runs.
 */

#include <linux/mdev_mem.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mdev.h>
#include <linux/virtio_pci.h>

#include "device.h"
#include "migration.h"
#include "queue.h"
#include "vector.h"
#include "vfio_mdev.h"

/* What a driver may set of the status */
#define VFIO_MDEV_DRIVER_STATUS	(VIRTIO_CONFIG_S_ACKNOWLEDGE |	\
				 VIRTIO_CONFIG_S_DRIVER |	\
				 VIRTIO_CONFIG_S_DRIVER_OK |	\
				 VIRTIO_CONFIG_S_FEATURES_OK |	\
				 VIRTIO_CONFIG_S_FAILED)

/* What the function knows of the features that are about communication */
#define VFIO_MDEV_FEATURES	(VIRTIO_MDEV_RING_FEATURES |	\
				 BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))

/* ---- features ---- */

/**
 * vfio_mdev_offered() - what an instance offers as a function
 * @cdev: the instance
 *
 * Return: feature bits.
 */
u64 vfio_mdev_offered(struct mdev_class_device *cdev)
{
	u64 known = ~VIRTIO_MDEV_TRANSPORT_FEATURES | VFIO_MDEV_FEATURES;

	if (cdev->ops->reset_vq)
		known |= BIT_ULL(VIRTIO_F_RING_RESET);
	return cdev->ops->get_device_features(cdev) & known;
}

/**
 * vfio_mdev_features() - what the device offers
 * @fn: the device, its lock held
 *
 * Return: feature bits.
 */
u64 vfio_mdev_features(struct vfio_mdev *fn)
{
	lockdep_assert_held(&fn->session.lock);
	return vfio_mdev_offered(vfio_mdev_cdev(fn));
}

static int vfio_mdev_check_features(struct vfio_mdev *fn)
{
	const u64 platform = BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u64 extra = fn->driver_features & ~vfio_mdev_features(fn);

	lockdep_assert_held(&fn->session.lock);
	if (extra) {
		dev_warn_ratelimited(&cdev->dev,
				     "the driver accepts features that were not offered: %#llx\n",
				     extra);
		return -EINVAL;
	}
	/*
	 * A software device reaches the memory of the VMM's container in either
	 * case.  Hardware may bypass its IOMMU without the feature.
	 */
	if (virtio_mdev_dma_dev(cdev) && !(fn->driver_features & platform)) {
		dev_warn_ratelimited(&cdev->dev,
				     "the driver has to accept VIRTIO_F_ACCESS_PLATFORM (bit 33): the device is hardware behind an IOMMU\n");
		return -EINVAL;
	}
	return 0;
}

/* ---- status ---- */

static irqreturn_t vfio_mdev_config_changed(void *private)
{
	vfio_mdev_signal_config(private);
	return IRQ_HANDLED;
}

/**
 * vfio_mdev_get_status() - the device status (virtio 1.2, section 2.1)
 * @fn: the device, its lock held
 *
 * Return: its bits.
 */
u8 vfio_mdev_get_status(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	u8 status = fn->status;

	lockdep_assert_held(&fn->session.lock);
	status |= cdev->ops->get_status(cdev) & VIRTIO_CONFIG_S_NEEDS_RESET;
	if (READ_ONCE(fn->broken))
		status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	return status;
}

static int vfio_mdev_start(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	int ret;

	lockdep_assert_held(&fn->session.lock);
	ret = fn->live ? cdev->ops->resume(cdev) :
			 mdev_class_set_status(cdev, fn->status);
	if (ret)
		return ret;
	fn->live = true;
	fn->running = true;
	if (fn->loaded)
		vfio_mdev_queues_nudge(fn);
	fn->loaded = false;
	return 0;
}

/* For a start that registers ask for: they have no errors. */
static void vfio_mdev_start_or_break(struct vfio_mdev *fn)
{
	int ret;

	ret = vfio_mdev_start(fn);
	if (!ret)
		return;
	dev_warn_ratelimited(&vfio_mdev_cdev(fn)->dev,
			     "the device cannot start: %pe; the driver has to reset it\n",
			     ERR_PTR(ret));
	vfio_mdev_break(fn);
}

/* Reset the parent's device, and release what was pinned for it. */
static int vfio_mdev_reset_parent(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	int ret;

	lockdep_assert_held(&fn->session.lock);
	fn->live = false;
	fn->running = false;
	ret = mdev_class_reset(cdev);
	if (ret)
		dev_err_ratelimited(&cdev->dev,
				    "the device cannot be reset: %pe\n",
				    ERR_PTR(ret));
	else
		mdev_vfio_device_mem_drop(&fn->vfio);
	return ret;
}

/* A device that cannot be suspended has to stop nevertheless: it loses its state. */
static void vfio_mdev_stop(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	int ret;

	lockdep_assert_held(&fn->session.lock);
	fn->running = false;
	if (cdev->ops->suspend) {
		ret = cdev->ops->suspend(cdev);
		if (!ret)
			return;
		dev_warn_ratelimited(&cdev->dev,
				     "the device cannot pause: %pe; the driver has to reset it\n",
				     ERR_PTR(ret));
	}
	vfio_mdev_reset_parent(fn);
	vfio_mdev_break(fn);
}

static bool vfio_mdev_wants_to_run(struct vfio_mdev *fn)
{
	return vfio_mdev_bus_master(fn) &&
	       fn->status & VIRTIO_CONFIG_S_DRIVER_OK;
}

/**
 * vfio_mdev_update() - have the device run, or not, as the registers say
 * @fn: the device, its lock held
 *
 * It runs with DRIVER_OK while the function has power and is a bus master, and is not
 * stopped for a migration.
 */
void vfio_mdev_update(struct vfio_mdev *fn)
{
	bool run = vfio_mdev_wants_to_run(fn) && !fn->stopped;

	lockdep_assert_held(&fn->session.lock);
	WRITE_ONCE(fn->decoding, vfio_mdev_memory_enabled(fn));
	WRITE_ONCE(fn->msix, vfio_mdev_msix_enabled(fn));
	if (run && !fn->running && !READ_ONCE(fn->broken))
		vfio_mdev_start_or_break(fn);
	else if (!run && fn->running)
		vfio_mdev_stop(fn);
	vfio_mdev_vectors_mask(fn, fn->stopped || !vfio_mdev_bus_master(fn));
}

/**
 * vfio_mdev_set_stopped() - stop the device for a migration, or let it run again
 * @fn: the device, its lock held; it can be suspended if @stopped
 * @stopped: it is to be stopped: no access to memory, and no interrupts
 *
 * Unlike the registers a VMM gets errors, so the device does not break then.
 *
 * Return: 0; what the parent failed with, and the device is as it was before.
 */
int vfio_mdev_set_stopped(struct vfio_mdev *fn, bool stopped)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	int ret = 0;

	lockdep_assert_held(&fn->session.lock);
	if (stopped && fn->running) {
		ret = cdev->ops->suspend(cdev);
		fn->running = ret;
	} else if (!stopped && !fn->running && vfio_mdev_wants_to_run(fn) &&
		   !READ_ONCE(fn->broken)) {
		ret = vfio_mdev_start(fn);
	}
	if (ret) {
		dev_warn_ratelimited(&cdev->dev,
				     "the device cannot be %s: %pe\n",
				     stopped ? "stopped" : "started",
				     ERR_PTR(ret));
		return ret;
	}
	fn->stopped = stopped;
	vfio_mdev_update(fn);
	return 0;
}

/* ---- reset ---- */

static int vfio_mdev_reset_device(struct vfio_mdev *fn)
{
	int ret;

	lockdep_assert_held(&fn->session.lock);
	ret = vfio_mdev_reset_parent(fn);
	fn->status = 0;
	fn->device_select = 0;
	fn->driver_select = 0;
	fn->driver_features = 0;
	fn->queue_select = 0;
	fn->loaded = false;
	WRITE_ONCE(fn->config_vector, VIRTIO_MSI_NO_VECTOR);
	vfio_mdev_queues_reset(fn);
	vfio_mdev_vectors_clear(fn);
	/* A driver sees that a reset has failed by a status that is not 0. */
	WRITE_ONCE(fn->broken, ret);
	return ret;
}

/**
 * vfio_mdev_reset_function() - reset the whole function
 * @fn: the device, its lock held
 *
 * The eventfds that a VMM has set stay.
 *
 * Return: 0, or what the parent's reset failed with.
 */
int vfio_mdev_reset_function(struct vfio_mdev *fn)
{
	int ret;

	ret = vfio_mdev_reset_device(fn);
	vfio_mdev_pci_config_init(fn);
	vfio_mdev_update(fn);
	return ret;
}

/* DRIVER_OK is for vfio_mdev_update(). */
static int vfio_mdev_pass_status(struct vfio_mdev *fn, u8 status)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);

	if (!fn->live)
		status &= ~VIRTIO_CONFIG_S_DRIVER_OK;
	if (!(status & ~fn->status))
		return 0;
	return mdev_class_set_status(cdev, status);
}

/*
 * Returns whether the parent accepts the features of the driver.  If not, that is no
 * defect of the device: FEATURES_OK stays clear.
 */
static bool vfio_mdev_accept_features(struct vfio_mdev *fn, u8 status)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);

	return !vfio_mdev_check_features(fn) &&
	       !cdev->ops->set_driver_features(cdev, fn->driver_features) &&
	       !vfio_mdev_pass_status(fn, status);
}

/**
 * vfio_mdev_set_status() - the driver writes the device status
 * @fn: the device, its lock held
 * @status: what it writes; 0 resets the device, other bits can only be added
 */
void vfio_mdev_set_status(struct vfio_mdev *fn, u8 status)
{
	lockdep_assert_held(&fn->session.lock);
	if (!status) {
		vfio_mdev_reset_device(fn);
		return;
	}
	status = (status & VFIO_MDEV_DRIVER_STATUS) | fn->status;
	if (status & ~fn->status & VIRTIO_CONFIG_S_FEATURES_OK &&
	    !vfio_mdev_accept_features(fn, status))
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	/* A driver looks whether FEATURES_OK stays before it goes on. */
	if (!(status & VIRTIO_CONFIG_S_FEATURES_OK))
		status &= ~VIRTIO_CONFIG_S_DRIVER_OK;
	if (vfio_mdev_pass_status(fn, status))
		vfio_mdev_break(fn);
	fn->status = status;
	vfio_mdev_update(fn);
}

/**
 * vfio_mdev_load_status() - set the status that a driver wrote at another host
 * @fn: the device, reset, its lock held
 * @status: what it wrote; DRIVER_OK is for vfio_mdev_set_stopped()
 * @features: what the driver has accepted with FEATURES_OK
 *
 * Return: 0; -EINVAL if the device does not take these features; what the parent
 * failed with.
 */
int vfio_mdev_load_status(struct vfio_mdev *fn, u8 status, u64 features)
{
	int ret;

	lockdep_assert_held(&fn->session.lock);
	fn->driver_features = features;
	if (!(status & VIRTIO_CONFIG_S_FEATURES_OK))
		ret = vfio_mdev_pass_status(fn, status);
	else
		ret = vfio_mdev_accept_features(fn, status) ? 0 : -EINVAL;
	if (ret)
		return ret;
	fn->status = status;
	return 0;
}

/* ---- use by a program ---- */

static int vfio_mdev_begin(struct mdev_session *s)
{
	struct vfio_mdev *fn = container_of(s, struct vfio_mdev, session);
	struct virtio_mdev_callback cb = {
		.callback = vfio_mdev_config_changed,
		.private = fn,
	};
	int ret;

	lockdep_assert_held(&s->lock);
	fn->generation = 0;
	fn->vfio.mem.killable = true;
	mdev_vfio_device_mem_open(&fn->vfio);
	ret = vfio_mdev_reset_function(fn);
	if (ret) {
		mdev_vfio_device_mem_close(&fn->vfio);
		return ret;
	}
	vfio_mdev_queues_open(fn);
	s->cdev->ops->set_config_cb(s->cdev, &cb);
	s->cdev->mem = mdev_vfio_device_mem(&fn->vfio);
	/* A VMM does not know that the function looks at the memory by itself. */
	if (s->cdev->mem)
		s->cdev->mem->rings_return = true;
	return 0;
}

static void vfio_mdev_end(struct mdev_session *s)
{
	struct vfio_mdev *fn = container_of(s, struct vfio_mdev, session);

	lockdep_assert_held(&s->lock);
	/*
	 * There is nobody to report a failed reset to.  Closing the memory is
	 * safe even if the device still uses it.
	 */
	vfio_mdev_reset_function(fn);
	vfio_mdev_migration_reset(fn);
	s->cdev->ops->set_config_cb(s->cdev, NULL);
	vfio_mdev_queues_close(fn);
	vfio_mdev_vectors_close(fn);
	s->cdev->mem = NULL;
	mdev_vfio_device_mem_close(&fn->vfio);
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
