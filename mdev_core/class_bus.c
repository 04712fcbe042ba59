// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mdev_class bus: instances on one side, class drivers on the other.
 */

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/pm.h>

#include "mdev_core_private.h"

/**
 * DOC: the mdev_class bus
 *
 * The kernel's own mdev bus binds every mdev of a parent to the one driver that
 * the parent was registered with, and never matches by itself.  Here, the kind of
 * use decides between several drivers.  So each mdev gets a child device, and
 * these are on a bus of their own.  The child device carries the class id, class
 * drivers match it with an id table, and an administrator can overrule the table
 * with driver_override, as on the PCI bus.
 */

/* Ports and instances; defined here, because both depend on the bus */
DEFINE_MDEV_USERS(mdev_core_users);

static bool mdev_class_override(struct mdev_class_device *cdev,
				const struct device_driver *drv, bool *match)
{
	bool overridden;

	spin_lock(&cdev->override_lock);
	overridden = cdev->driver_override;
	if (overridden)
		*match = !strcmp(cdev->driver_override, drv->name);
	spin_unlock(&cdev->override_lock);
	return overridden;
}

/* Whether a driver may bind to an instance */
static bool mdev_class_takes(const struct device_driver *drv,
			     struct mdev_class_device *cdev)
{
	const struct mdev_class_driver *cdrv =
		container_of(drv, struct mdev_class_driver, driver);
	const struct mdev_class_device_id *id;
	bool match;

	if (mdev_class_override(cdev, drv, &match))
		return match;

	for (id = cdrv->id_table; id && id->class_id; id++)
		if (id->class_id == cdev->class_id)
			return true;
	return false;
}

static int mdev_class_match(struct device *dev,
			    compat_match_const struct device_driver *drv)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	if (READ_ONCE(cdev->leave_unbound) || !mdev_class_takes(drv, cdev))
		return 0;
	WRITE_ONCE(cdev->matched, true);
	return 1;
}

static int mdev_class_driver_takes(struct device_driver *drv, void *cdev)
{
	return mdev_class_takes(drv, cdev);
}

/**
 * mdev_class_has_driver() - whether there is a driver that may bind
 * @cdev: the instance
 *
 * Context: process context.
 * Return: true if there is one, whether or not it is bound.
 */
bool mdev_class_has_driver(struct mdev_class_device *cdev)
{
	return bus_for_each_drv(&mdev_class_bus_type, NULL, cdev,
				mdev_class_driver_takes);
}

static int mdev_class_uevent(compat_uevent_const struct device *dev,
			     struct kobj_uevent_env *env)
{
	const struct mdev_class_device *cdev = to_mdev_class_device(dev);

	return add_uevent_var(env, "MODALIAS=mdev_class:c%02X", cdev->class_id);
}

static int mdev_class_probe(struct device *dev)
{
	struct mdev_class_driver *cdrv =
		container_of(dev->driver, struct mdev_class_driver, driver);
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	int ret;

	mdev_error_begin(cdev);
	mdev_setup_bind(cdev, cdrv->driver.name);
	if (mdev_class_parent_is_kept(cdev->parent)) {
		mdev_class_error(cdev,
				 "a program still has a removed instance of %s open: end it first",
				 dev_name(cdev->parent->dev));
		ret = -EBUSY;
	} else {
		ret = cdrv->probe(cdev);
	}
	/*
	 * The driver core does not return the error.  Whoever creates the instance
	 * has to get it, so store it for bind.c, under the device lock.
	 */
	cdev->probe_error = ret;
	if (!ret) {
		mdev_setup_bound(cdev, cdrv);
		return 0;
	}
	mdev_setup_bind(cdev, NULL);
	mdev_error_end(cdev, "driver %s does not take the instance: %pe",
		       cdrv->driver.name, ERR_PTR(ret));
	return ret;
}

static void mdev_class_remove(struct device *dev)
{
	struct mdev_class_driver *cdrv =
		container_of(dev->driver, struct mdev_class_driver, driver);

	mdev_setup_bound(to_mdev_class_device(dev), NULL);
	if (cdrv->remove)
		cdrv->remove(to_mdev_class_device(dev));
	mdev_setup_bind(to_mdev_class_device(dev), NULL);
}

static struct mdev_class_driver *mdev_class_driver_of(struct device *dev)
{
	device_lock_assert(dev);
	if (!dev->driver)
		return NULL;
	return container_of(dev->driver, struct mdev_class_driver, driver);
}

/* ---- power ---- */

/*
 * An instance is a child of its parent's device, so it is suspended before that
 * and resumed after it.  Hibernation needs the same.
 */
static int mdev_class_suspend(struct device *dev)
{
	struct mdev_class_driver *cdrv = mdev_class_driver_of(dev);

	return cdrv && cdrv->suspend ? cdrv->suspend(to_mdev_class_device(dev)) :
				       0;
}

static int mdev_class_resume(struct device *dev)
{
	struct mdev_class_driver *cdrv = mdev_class_driver_of(dev);

	return cdrv && cdrv->resume ? cdrv->resume(to_mdev_class_device(dev)) :
				      0;
}

static const struct dev_pm_ops mdev_class_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(mdev_class_suspend, mdev_class_resume)
};

/* ---- hardware that is reset under an instance ---- */

/* How long a class driver may take to be bound or unbound */
#define MDEV_CLASS_RESET_TIMEOUT	(5 * HZ)

bool mdev_class_reset_prepare(struct mdev_class_device *cdev)
{
	unsigned long end = jiffies + MDEV_CLASS_RESET_TIMEOUT;
	struct mdev_class_driver *cdrv;

	while (!device_trylock(&cdev->dev)) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	cdrv = mdev_class_driver_of(&cdev->dev);
	if (cdrv && cdrv->reset_prepare)
		cdrv->reset_prepare(cdev);
	return true;
}
EXPORT_SYMBOL_GPL(mdev_class_reset_prepare);

void mdev_class_reset_done(struct mdev_class_device *cdev)
{
	struct mdev_class_driver *cdrv = mdev_class_driver_of(&cdev->dev);

	device_lock_assert(&cdev->dev);
	if (cdrv && cdrv->reset_done)
		cdrv->reset_done(cdev);
	device_unlock(&cdev->dev);
}
EXPORT_SYMBOL_GPL(mdev_class_reset_done);

struct bus_type mdev_class_bus_type = {
	.name = "mdev_class",
	.match = mdev_class_match,
	.uevent = mdev_class_uevent,
	.probe = mdev_class_probe,
	.remove = mdev_class_remove,
	.pm = pm_sleep_ptr(&mdev_class_pm_ops),
};

/**
 * mdev_class_bus_register() - make the bus
 * @dev_groups: attributes of each instance; constant
 *
 * Return: 0 or a negative errno.
 */
int mdev_class_bus_register(const struct attribute_group **dev_groups)
{
	mdev_class_bus_type.dev_groups = dev_groups;
	return bus_register(&mdev_class_bus_type);
}

void mdev_class_bus_unregister(void)
{
	bus_unregister(&mdev_class_bus_type);
}

int __mdev_class_register_driver(struct mdev_class_driver *drv,
				 struct module *owner)
{
	if (!drv->probe || !drv->id_table || !drv->suspend != !drv->resume ||
	    !drv->reset_prepare != !drv->reset_done)
		return -EINVAL;

	drv->driver.bus = &mdev_class_bus_type;
	drv->driver.owner = owner;
	/* An asynchronous probe would be too late to fail the create. */
	drv->driver.probe_type = PROBE_FORCE_SYNCHRONOUS;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__mdev_class_register_driver);

void mdev_class_unregister_driver(struct mdev_class_driver *drv)
{
	driver_unregister(&drv->driver);
}
EXPORT_SYMBOL_GPL(mdev_class_unregister_driver);
