// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module entry and exit.
 */

#include <linux/module.h>
#include <linux/rcupdate.h>

#include "mdev_core_private.h"

static int __init mdev_core_init(void)
{
	int ret;

	mdev_debugfs_init();
	ret = mdev_class_bus_register(mdev_class_dev_groups);
	if (ret)
		goto err_debugfs;

	ret = mdev_port_class_register();
	if (ret)
		goto err_bus;

	ret = mdev_class_mdev_drivers_register();
	if (ret)
		goto err_class;

	return 0;

err_class:
	mdev_port_class_unregister();
err_bus:
	mdev_class_bus_unregister();
err_debugfs:
	mdev_debugfs_exit();
	return ret;
}

static void __exit mdev_core_exit(void)
{
	mdev_users_wait(&mdev_core_users);

	mdev_class_mdev_drivers_unregister();
	mdev_port_class_unregister();
	mdev_class_bus_unregister();
	mdev_debugfs_exit();
	/* A task may still execute the end of mdev_visit_come(). */
	synchronize_rcu_tasks();
}

module_init(mdev_core_init);
module_exit(mdev_core_exit);

MODULE_DESCRIPTION("Mediated devices with a class and a virtio data path");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
