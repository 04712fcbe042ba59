// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: a software block device, in RAM, in a file or on a block device, as an example
 * of a parent driver whose device has nothing to do with networks.
 */

#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>

#include "mvblk.h"
#include "req.h"

#define MVBLK_NAME	"mvblk0"

static const struct mvblk_kind mvblk_ram64m = {
	.desc = &mvblk_ram_desc,
	.store = &mvblk_ram_ops,
	.size = SZ_64M,
};

static const struct mvblk_kind mvblk_ram1g = {
	.desc = &mvblk_ram_desc,
	.store = &mvblk_ram_ops,
	.size = SZ_1G,
};

static const struct mvblk_kind mvblk_file = {
	.desc = &mvblk_file_desc,
	.store = &mvblk_file_ops,
};

static const struct mvblk_kind mvblk_bdev = {
	.desc = &mvblk_bdev_desc,
	.store = &mvblk_file_ops,
	.bdev = true,
};

#define MVBLK_TYPE(_class, _name, _pretty, _kind) {			\
	.name = "mvblk-" _name,						\
	.pretty_name = "mvblk block device, " _pretty,			\
	.description = "virtio block device in software",		\
	.class_id = _class,						\
	.data = _kind,					\
}

/* The limit is filled in from the module parameter before they are used. */
static struct mdev_class_type mvblk_types[] = {
	MVBLK_TYPE(MDEV_CLASS_ID_VFIO, "ram64m", "64 MiB of RAM",
		   &mvblk_ram64m),
	MVBLK_TYPE(MDEV_CLASS_ID_VFIO, "ram1g", "1 GiB of RAM",
		   &mvblk_ram1g),
	MVBLK_TYPE(MDEV_CLASS_ID_VFIO, "file", "a file", &mvblk_file),
	MVBLK_TYPE(MDEV_CLASS_ID_VFIO, "bdev", "a block device", &mvblk_bdev),
	MVBLK_TYPE(MDEV_CLASS_ID_VIRTIO, "ram64m", "64 MiB of RAM",
		   &mvblk_ram64m),
	MVBLK_TYPE(MDEV_CLASS_ID_VIRTIO, "ram1g", "1 GiB of RAM",
		   &mvblk_ram1g),
	MVBLK_TYPE(MDEV_CLASS_ID_VIRTIO, "file", "a file", &mvblk_file),
	MVBLK_TYPE(MDEV_CLASS_ID_VIRTIO, "bdev", "a block device", &mvblk_bdev),
	MVBLK_TYPE(MDEV_CLASS_ID_VHOST, "ram64m", "64 MiB of RAM",
		   &mvblk_ram64m),
	MVBLK_TYPE(MDEV_CLASS_ID_VHOST, "ram1g", "1 GiB of RAM",
		   &mvblk_ram1g),
	MVBLK_TYPE(MDEV_CLASS_ID_VHOST, "file", "a file", &mvblk_file),
	MVBLK_TYPE(MDEV_CLASS_ID_VHOST, "bdev", "a block device", &mvblk_bdev),
};

static void mvblk_unregister(void *parent)
{
	mdev_class_unregister_parent(parent);
}

static int mvblk_probe(struct platform_device *pdev)
{
	struct mdev_class_parent *parent;
	int ret;

	parent = mdev_class_register_parent(&pdev->dev, &mvblk_parent_ops,
					    mvblk_types,
					    ARRAY_SIZE(mvblk_types), NULL);
	if (IS_ERR(parent))
		return PTR_ERR(parent);

	ret = devm_add_action_or_reset(&pdev->dev, mvblk_unregister, parent);
	if (ret)
		return ret;

	platform_set_drvdata(pdev, parent);
	return 0;
}

static const struct platform_device_id mvblk_id_table[] = {
	{ MVBLK_NAME },
	{ }
};

static struct platform_driver mvblk_driver = {
	.driver = {
		.name = "mvblk",
	},
	.probe = mvblk_probe,
	.id_table = mvblk_id_table,
};

static struct platform_device *mvblk_pdev;

static int __init mvblk_init(void)
{
	unsigned int i;
	int ret;

	ret = mvblk_check_parameters();
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(mvblk_types); i++)
		mvblk_types[i].max_instances = mvblk_max_instances;

	ret = mvblk_orphans_init();
	if (ret)
		return ret;
	ret = platform_driver_register(&mvblk_driver);
	if (ret)
		goto err_orphans;

	mvblk_pdev = platform_device_register_simple(MVBLK_NAME,
						     PLATFORM_DEVID_NONE,
						     NULL, 0);
	if (IS_ERR(mvblk_pdev)) {
		ret = PTR_ERR(mvblk_pdev);
		goto err_driver;
	}
	/* If the probe failed, the driver core logs the error but returns none. */
	if (!platform_get_drvdata(mvblk_pdev)) {
		ret = -ENODEV;
		goto err_device;
	}
	return 0;

err_device:
	platform_device_unregister(mvblk_pdev);
err_driver:
	platform_driver_unregister(&mvblk_driver);
err_orphans:
	mvblk_orphans_exit();
	return ret;
}
module_init(mvblk_init);

static void __exit mvblk_exit(void)
{
	platform_device_unregister(mvblk_pdev);
	platform_driver_unregister(&mvblk_driver);
	mvblk_orphans_exit();
	mvblk_ram_exit();
}
module_exit(mvblk_exit);

MODULE_DESCRIPTION("Mediated virtio block device in RAM, in a file or on a block device");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
