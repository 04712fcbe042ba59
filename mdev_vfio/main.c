// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module entry and exit.
 */

#include <linux/module.h>
#include <linux/rcupdate.h>

static int __init mdev_vfio_module_init(void)
{
	return 0;
}

static void __exit mdev_vfio_module_exit(void)
{
	/*
	 * A task on its way out of an unmap ioctl lets go of the class drivers'
	 * modules, which keep this one, and may still execute text from here.
	 */
	synchronize_rcu_tasks();
}

module_init(mdev_vfio_module_init);
module_exit(mdev_vfio_module_exit);

MODULE_DESCRIPTION("Mediated devices: what class drivers of VFIO devices share");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_LICENSE("GPL");
