// SPDX-License-Identifier: GPL-2.0-only
/*
 * Class driver for instances of class VFIO: an emulated virtio PCI function, for
 * programs that know vfio-pci.
 */

#include <linux/mdev_class.h>
#include <linux/module.h>

#include "migration.h"
#include "vfio.h"

static const struct mdev_class_device_id vfio_mdev_id_table[] = {
	{ MDEV_CLASS_ID_VFIO },
	{ }
};

static struct mdev_class_driver vfio_mdev_driver = {
	.driver = {
		.name = "vfio_mdev",
		.dev_groups = vfio_mdev_groups,
	},
	.id_table = vfio_mdev_id_table,
	.probe = vfio_mdev_add,
	.remove = vfio_mdev_del,
	.show_mem = vfio_mdev_show_mem,
};

static int __init vfio_mdev_module_init(void)
{
	return mdev_class_register_driver(&vfio_mdev_driver);
}

static void __exit vfio_mdev_module_exit(void)
{
	mdev_class_unregister_driver(&vfio_mdev_driver);
	vfio_mdev_exit();
}

module_init(vfio_mdev_module_init);
module_exit(vfio_mdev_module_exit);

MODULE_ALIAS_MDEV_CLASS("01");
MODULE_DESCRIPTION("Mediated virtio devices as emulated PCI functions");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
