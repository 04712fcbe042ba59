// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hardware behind a virtio device loses its state: the host sleeps, or
 * somebody resets the hardware.
 *
 * When the host sleeps user space is frozen, and the virtio driver's own freeze
 * and restore are made for that.  When hardware is reset at run time they are not
 * safe in general: virtio-net frees what a reader of its statistics looks at.
 * virtio-blk's are, so its disk stays and requests wait.  Any other driver finds
 * its virtqueues broken and is bound again.
 */

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/virtio_ids.h>

#include "virtio_mdev_private.h"

/* How long a virtio driver may take to be bound or unbound */
#define VIRTIO_MDEV_DRIVER_TIMEOUT	(5 * HZ)

/* How long a device may take to finish one of the requests that it has */
#define VIRTIO_MDEV_DRAIN_TIMEOUT	(5 * HZ)

static struct virtio_driver *virtio_mdev_driver_of(struct virtio_mdev_device *vm)
{
	struct device *dev = &vm->vdev.dev;

	device_lock_assert(dev);
	if (!dev->driver)
		return NULL;
	return container_of(dev->driver, struct virtio_driver, driver);
}

/* The driver is neither bound nor unbound until device_unlock(). */
static bool virtio_mdev_lock_driver(struct virtio_mdev_device *vm)
{
	unsigned long end = jiffies + VIRTIO_MDEV_DRIVER_TIMEOUT;

	while (!device_trylock(&vm->vdev.dev)) {
		if (time_after(jiffies, end)) {
			dev_err(&vm->vdev.dev,
				"the virtio driver has been binding or unbinding for too long to be told of a reset\n");
			return false;
		}
		msleep(20);
	}
	return true;
}

static bool virtio_mdev_is_lost(struct virtio_mdev_device *vm)
{
	return vm->cdev->ops->get_status(vm->cdev) &
	       VIRTIO_CONFIG_S_NEEDS_RESET;
}

/* Whether the device has no buffer, or is at work on those it has */
static bool virtio_mdev_vq_drains(struct virtio_mdev_device *vm,
				  struct virtqueue *vq)
{
	unsigned long end = jiffies + VIRTIO_MDEV_DRAIN_TIMEOUT;
	unsigned int free, last = READ_ONCE(vq->num_free);

	while (last != virtqueue_get_vring_size(vq)) {
		if (virtio_mdev_is_lost(vm) || time_after(jiffies, end))
			return false;
		msleep(20);
		free = READ_ONCE(vq->num_free);
		if (free > last)
			return true;
		last = free;
	}
	return true;
}

/*
 * virtio-blk's freeze waits for all requests, without a bound, so it must not
 * begin if the device does not answer them.
 */
static bool virtio_mdev_is_stuck(struct virtio_mdev_device *vm)
{
	struct virtqueue *vq;

	/* Nobody but the driver, which is locked, changes the list. */
	device_lock_assert(&vm->vdev.dev);
	if (vm->vdev.id.device != VIRTIO_ID_BLOCK)
		return false;
	if (virtio_mdev_is_lost(vm)) {
		/* No more of them; whoever adds one holds a spinlock. */
		virtio_break_device(&vm->vdev);
		synchronize_rcu();
	}
	list_for_each_entry(vq, &vm->vdev.vqs, list)
		if (!virtio_mdev_vq_drains(vm, vq))
			return true;
	return false;
}

/* Freeze the driver, or break the device: every driver handles that. */
static int virtio_mdev_freeze(struct virtio_mdev_device *vm)
{
	struct virtio_driver *drv = virtio_mdev_driver_of(vm);
	int ret;

	device_lock_assert(&vm->cdev->dev);
	if (drv && !compat_virtio_can_freeze(drv)) {
		dev_warn(&vm->vdev.dev,
			 "%s cannot sleep: unbind and bind it to use the device again\n",
			 drv->driver.name);
		virtio_break_device(&vm->vdev);
		return 0;
	}
	if (virtio_mdev_is_stuck(vm)) {
		dev_err(&vm->vdev.dev,
			"requests that the device had are lost: whoever waits for them cannot go on, others get errors\n");
		virtio_break_device(&vm->vdev);
		return 0;
	}
	mutex_lock(&vm->lock);
	/* The driver resumes later, so keep the modules pinned. */
	vm->keep_pinned = true;
	mutex_unlock(&vm->lock);
	ret = virtio_device_freeze(&vm->vdev);
	if (!ret) {
		vm->frozen = true;
		return 0;
	}
	mutex_lock(&vm->lock);
	vm->keep_pinned = false;
	mutex_unlock(&vm->lock);
	return ret;
}

/*
 * Wake the driver up.  It comes back even if the device does not, because it
 * could not be removed otherwise; then its virtqueues are broken.
 */
static void virtio_mdev_restore(struct virtio_mdev_device *vm)
{
	bool dead;
	int ret;

	device_lock_assert(&vm->cdev->dev);
	device_lock_assert(&vm->vdev.dev);
	mutex_lock(&vm->lock);
	vm->restoring = true;
	mutex_unlock(&vm->lock);

	ret = virtio_device_restore(&vm->vdev);
	if (!ret)
		vm->frozen = false;

	mutex_lock(&vm->lock);
	vm->restoring = false;
	vm->keep_pinned = false;
	dead = vm->dead;
	mutex_unlock(&vm->lock);
	if (!ret && !dead)
		return;

	virtio_break_device(&vm->vdev);
	if (ret)
		dev_err(&vm->vdev.dev, "the virtio driver does not wake up: %pe\n",
			ERR_PTR(ret));
	else
		dev_err(&vm->vdev.dev,
			"the device does not come back, so its users get errors: remove the instance\n");
}

/**
 * virtio_mdev_suspend() - the host goes to sleep
 * @cdev: the instance
 *
 * A device in software keeps its state.
 *
 * Return: 0; what the virtio driver's freeze failed with; -EBUSY.
 */
int virtio_mdev_suspend(struct mdev_class_device *cdev)
{
	struct virtio_mdev_device *vm = dev_get_drvdata(&cdev->dev);
	int ret;

	if (!virtio_mdev_dma_dev(cdev))
		return 0;
	if (!virtio_mdev_lock_driver(vm))
		return -EBUSY;
	ret = virtio_mdev_freeze(vm);
	device_unlock(&vm->vdev.dev);
	return ret;
}

/**
 * virtio_mdev_resume() - the host is back
 * @cdev: the instance
 *
 * Return: 0.
 */
int virtio_mdev_resume(struct mdev_class_device *cdev)
{
	struct virtio_mdev_device *vm = dev_get_drvdata(&cdev->dev);

	device_lock(&vm->vdev.dev);
	if (vm->frozen)
		virtio_mdev_restore(vm);
	device_unlock(&vm->vdev.dev);
	return 0;
}

/* Whether the driver's freeze is safe while there are users */
static bool virtio_mdev_may_freeze(struct virtio_mdev_device *vm)
{
	struct virtio_driver *drv = virtio_mdev_driver_of(vm);

	return !drv || (vm->vdev.id.device == VIRTIO_ID_BLOCK &&
			compat_virtio_can_freeze(drv));
}

/**
 * virtio_mdev_reset_prepare() - hardware will be reset under its users
 * @cdev: the instance
 */
void virtio_mdev_reset_prepare(struct mdev_class_device *cdev)
{
	struct virtio_mdev_device *vm = dev_get_drvdata(&cdev->dev);

	/*
	 * A disk that is frozen cannot take what would be written to it to free
	 * memory.  Pairs with memalloc_noio_restore() in virtio_mdev_reset_done(),
	 * in the same task.
	 */
	vm->noio = memalloc_noio_save();
	/* Pairs with device_unlock() in virtio_mdev_reset_done() */
	vm->driver_locked = virtio_mdev_lock_driver(vm);
	if (vm->driver_locked && virtio_mdev_may_freeze(vm) &&
	    !virtio_mdev_freeze(vm))
		return;
	/* Whoever waits for an answer in a loop, perhaps with rtnl, goes on. */
	virtio_break_device(&vm->vdev);
}

/**
 * virtio_mdev_reset_done() - hardware was reset under its users
 * @cdev: the instance
 */
void virtio_mdev_reset_done(struct mdev_class_device *cdev)
{
	struct virtio_mdev_device *vm = dev_get_drvdata(&cdev->dev);

	if (!vm->driver_locked)
		goto out;
	if (vm->frozen)
		virtio_mdev_restore(vm);
	else if (!virtio_mdev_may_freeze(vm))
		/* Not here: unbinding takes locks of the driver's subsystem. */
		queue_work(system_freezable_wq, &vm->rebind);
	device_unlock(&vm->vdev.dev);
out:
	memalloc_noio_restore(vm->noio);
}

/**
 * virtio_mdev_rebind() - bind the virtio driver again
 * @work: &virtio_mdev_device.rebind
 */
void virtio_mdev_rebind(struct work_struct *work)
{
	struct virtio_mdev_device *vm =
		container_of(work, struct virtio_mdev_device, rebind);

	dev_notice(&vm->vdev.dev,
		   "the hardware was reset, so the virtio driver is bound again\n");
	if (device_reprobe(&vm->vdev.dev))
		dev_err(&vm->vdev.dev,
			"no virtio driver binds after the reset of the hardware\n");
}

/**
 * virtio_mdev_thaw() - have the driver in a state in which it can be removed
 * @vm: the device, whose instance goes
 *
 * Also, virtio_mdev_rebind() does not run any more when this returns.
 */
void virtio_mdev_thaw(struct virtio_mdev_device *vm)
{
	cancel_work_sync(&vm->rebind);
	device_lock(&vm->vdev.dev);
	if (vm->frozen)
		virtio_mdev_restore(vm);
	device_unlock(&vm->vdev.dev);
}
