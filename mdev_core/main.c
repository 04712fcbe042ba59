// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module entry and exit.
 */

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/wait_bit.h>

#include "mdev_core_private.h"

/*
 * Ports and instances that exist, plus one for the loaded module.  The last
 * reference to a device may be dropped by anybody, after everything else has
 * been unregistered, and then runs a release function of this module.
 */
static refcount_t mdev_core_users = REFCOUNT_INIT(1);

/* Pairs with mdev_core_put() in the release function of the new device. */
void mdev_core_get(void)
{
	refcount_inc(&mdev_core_users);
}

void mdev_core_put(void)
{
	if (refcount_dec_and_test(&mdev_core_users))
		wake_up_var(&mdev_core_users);
}

static int __init mdev_core_init(void)
{
	int ret;

	ret = mdev_class_bus_register();
	if (ret)
		return ret;

	ret = mdev_port_class_register();
	if (ret)
		goto err_bus;

	ret = mdev_class_drivers_register();
	if (ret)
		goto err_class;

	return 0;

err_class:
	mdev_port_class_unregister();
err_bus:
	mdev_class_bus_unregister();
	return ret;
}

static void __exit mdev_core_exit(void)
{
	mdev_core_put();
	wait_var_event(&mdev_core_users, !refcount_read(&mdev_core_users));
	/* Who dropped the last one may be preempted on its way out of here. */
	synchronize_rcu_tasks();

	mdev_class_drivers_unregister();
	mdev_port_class_unregister();
	mdev_class_bus_unregister();
}

module_init(mdev_core_init);
module_exit(mdev_core_exit);

MODULE_DESCRIPTION("Mediated devices with a class and a virtio data path");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_LICENSE("GPL");
