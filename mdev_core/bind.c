// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding a class driver to an instance.
 */

#include <linux/device.h>
#include <linux/kmod.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mdev_core_private.h"

/* Whether a class driver is bound; if not, @error is that of one that refused. */
static bool mdev_instance_bound(struct mdev_class_device *cdev, int *error)
{
	bool bound;

	device_lock(&cdev->dev);
	bound = cdev->dev.driver;
	*error = bound ? 0 : cdev->probe_error;
	device_unlock(&cdev->dev);
	return bound;
}

/* The driver that an administrator has chosen, or NULL; to be freed */
static char *mdev_instance_chosen_driver(struct mdev_class_device *cdev)
{
	char *name = NULL;

	spin_lock(&cdev->override_lock);
	if (cdev->driver_override)
		name = kstrdup(cdev->driver_override, GFP_ATOMIC);
	spin_unlock(&cdev->override_lock);
	return name;
}

/*
 * udev loads it on the uevent, but initramfs and containers have no udev.  A driver that
 * was chosen has the name of its module.
 */
static void mdev_instance_load_driver(struct mdev_class_device *cdev)
{
	char *chosen;

	if (mdev_class_has_driver(cdev))
		return;
	chosen = mdev_instance_chosen_driver(cdev);
	if (chosen)
		request_module("%s", chosen);
	else
		request_module("mdev_class:c%02X", cdev->class_id);
	kfree(chosen);
}

static void mdev_instance_attach(struct mdev_class_device *cdev)
{
	if (device_attach(&cdev->dev) < 0)
		dev_dbg(&cdev->dev, "cannot look for a driver again\n");
}

/**
 * mdev_instance_autoprobe() - bind a class driver to a new instance
 * @cdev: the instance, just added to the bus
 *
 * The bus binds a driver when the instance is added or when the driver is
 * registered, unless its drivers_autoprobe is 0.  No lock that a probe takes is held
 * meanwhile, only the mdev's own, so that a module can bind in its init.
 *
 * Context: process context.
 * Return: 0, also if no driver is bound because there is none, or the bus is not to
 * bind, or the instance is to be left unbound; or what the driver's probe failed with.
 */
int mdev_instance_autoprobe(struct mdev_class_device *cdev)
{
	int error;

	if (READ_ONCE(cdev->leave_unbound))
		return 0;
	if (mdev_instance_bound(cdev, &error) || error)
		return error;

	mdev_instance_load_driver(cdev);
	/*
	 * If the bus has matched a driver, probing may have been skipped because of
	 * an allocation failure in the driver core: try again.  With
	 * drivers_autoprobe 0 nothing was matched: leave the instance as it is.
	 */
	if (READ_ONCE(cdev->matched))
		mdev_instance_attach(cdev);
	if (mdev_instance_bound(cdev, &error) || error)
		return error;

	if (mdev_class_has_driver(cdev))
		dev_info(&cdev->dev,
			 "not bound, because drivers_autoprobe of the bus is 0: set it up, then write 1 to its bind file\n");
	else
		dev_info(&cdev->dev,
			 "no driver for class %s yet: load %s_mdev to use the instance\n",
			 mdev_class_name(cdev->class_id),
			 mdev_class_name(cdev->class_id));
	return 0;
}

/**
 * mdev_instance_bind() - bind a class driver now
 * @cdev: the instance
 *
 * Context: process context; the caller keeps the instance from being removed.
 * Return: 0; -EBUSY if a driver is bound; -ENODEV if there is none; or what the
 * driver's probe failed with.
 */
int mdev_instance_bind(struct mdev_class_device *cdev)
{
	int error;

	if (mdev_instance_bound(cdev, &error)) {
		/* mdevctl itself reports only "busy". */
		mdev_class_error(cdev,
				 "bind: bound already: to set it up, unbind it first, and write 1 to bind at last");
		return -EBUSY;
	}

	mdev_error_begin(cdev);
	WRITE_ONCE(cdev->leave_unbound, false);
	mdev_instance_load_driver(cdev);
	device_lock(&cdev->dev);
	/* Forget the error of a driver that was tried before */
	cdev->probe_error = 0;
	device_unlock(&cdev->dev);
	mdev_instance_attach(cdev);
	if (mdev_instance_bound(cdev, &error))
		return 0;
	if (!error && READ_ONCE(cdev->driver_override))
		mdev_error_end(cdev,
			       "bind: no driver has the name in driver_override: write the right one, or an empty line");
	else if (!error)
		mdev_error_end(cdev, "bind: no driver for class %s: load %s_mdev",
			       mdev_class_name(cdev->class_id),
			       mdev_class_name(cdev->class_id));
	return error ?: -ENODEV;
}
