// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module entry and exit.
 */

#include <linux/module.h>
#include <linux/rcupdate.h>

#include "carrier.h"
#include "device.h"

static int __init mdev_vfio_module_init(void)
{
	int ret;

	ret = mdev_vfio_carrier_init();
	if (ret)
		return ret;
	ret = mdev_vfio_device_init();
	if (ret)
		mdev_vfio_carrier_exit();
	return ret;
}

static void __exit mdev_vfio_module_exit(void)
{
	mdev_vfio_device_exit();
	mdev_vfio_carrier_exit();
	/*
	 * A task that leaves an unmap ioctl drops a reference to a class driver's
	 * module, which in turn keeps this one.  After that it may still execute
	 * text of this module: wait for it.
	 */
	synchronize_rcu_tasks();
}

module_init(mdev_vfio_module_init);
module_exit(mdev_vfio_module_exit);

MODULE_DESCRIPTION("Mediated devices: what class drivers of VFIO devices share");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
/* iova_bitmap_set() */
MODULE_IMPORT_NS("IOMMUFD");
