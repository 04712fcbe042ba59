// SPDX-License-Identifier: GPL-2.0-only
/*
 * Setting an instance up: what a class driver reads when it binds does not change while
 * one is bound.
 */

#include <linux/export.h>

#include "mdev_core_private.h"

int mdev_class_setup_begin(struct mdev_class_device *cdev, const char *name)
{
	struct mdev_instance *instance = to_mdev_instance(cdev);
	int ret = 0;

	mutex_lock(&instance->setup_lock);
	if (instance->driver) {
		mdev_class_error(cdev,
				 "%s: %s has the device: unbind it first, or set this before it is bound",
				 name, instance->driver);
		ret = -EBUSY;
	} else if (!instance->added) {
		/* It is being removed: nobody asks why. */
		ret = -ENODEV;
	}
	if (ret)
		mutex_unlock(&instance->setup_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_class_setup_begin);

void mdev_class_setup_end(struct mdev_class_device *cdev)
{
	mutex_unlock(&to_mdev_instance(cdev)->setup_lock);
}
EXPORT_SYMBOL_GPL(mdev_class_setup_end);

/**
 * mdev_setup_bind() - a class driver is about to be bound, or has been unbound
 * @cdev: the instance
 * @driver: the name of the driver, which stays until it is unbound; NULL then
 *
 * When this returns, nobody changes anything of the set-up any more.
 *
 * Context: process context, the device lock of @cdev held.
 */
void mdev_setup_bind(struct mdev_class_device *cdev, const char *driver)
{
	struct mdev_instance *instance = to_mdev_instance(cdev);

	mutex_lock(&instance->setup_lock);
	instance->driver = driver;
	mutex_unlock(&instance->setup_lock);
}

/**
 * mdev_setup_bound() - a class driver has what it can show, or is about to lose it
 * @cdev: the instance
 * @driver: the class driver, after its probe; NULL before its remove
 *
 * When this returns, &mdev_class_driver.show_mem of a driver that was set before
 * neither runs nor is called any more.
 *
 * Context: process context, the device lock of @cdev held.
 */
void mdev_setup_bound(struct mdev_class_device *cdev,
		      const struct mdev_class_driver *driver)
{
	struct mdev_instance *instance = to_mdev_instance(cdev);

	mutex_lock(&instance->setup_lock);
	instance->bound = driver;
	mutex_unlock(&instance->setup_lock);
}

/**
 * mdev_setup_add() - show what depends on the set-up
 * @cdev: the instance, whose directory was made
 *
 * Context: process context.
 * Return: 0, or a negative errno and nothing has to be undone.
 */
int mdev_setup_add(struct mdev_class_device *cdev)
{
	struct mdev_instance *instance = to_mdev_instance(cdev);
	int ret;

	mutex_lock(&instance->setup_lock);
	instance->added = true;
	ret = mdev_counters_update(instance);
	if (ret) {
		instance->added = false;
		mdev_counters_update(instance);
	}
	mutex_unlock(&instance->setup_lock);
	return ret;
}

/**
 * mdev_setup_del() - undo mdev_setup_add(), and change nothing any more
 * @cdev: the instance
 *
 * Context: process context.
 */
void mdev_setup_del(struct mdev_class_device *cdev)
{
	struct mdev_instance *instance = to_mdev_instance(cdev);

	mutex_lock(&instance->setup_lock);
	instance->added = false;
	mdev_counters_update(instance);
	mutex_unlock(&instance->setup_lock);
}

int mdev_class_vqs_changed(struct mdev_class_device *cdev)
{
	struct mdev_instance *instance = to_mdev_instance(cdev);

	/* Before, there is nothing to update. */
	if (!instance->added)
		return 0;
	lockdep_assert_held(&instance->setup_lock);
	return mdev_counters_update(instance);
}
EXPORT_SYMBOL_GPL(mdev_class_vqs_changed);
