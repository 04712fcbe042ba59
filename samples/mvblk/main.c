// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: a software block device, in RAM or in a file, as an example of a parent
 * driver whose device has nothing to do with networks.
 */

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mvblk.h"

#define MVBLK_NAME	"mvblk0"

static unsigned int queues = 4;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "Virtqueues of each device, 1 to 16 (default: 4)");

unsigned int mvblk_block_size = 512;
module_param_named(block_size, mvblk_block_size, uint, 0444);
MODULE_PARM_DESC(block_size,
		 "Block size that the devices offer, 512 to 4096 bytes (default: 512)");

static unsigned int max_instances = 64;
module_param(max_instances, uint, 0444);
MODULE_PARM_DESC(max_instances,
		 "Instances of each class that may exist (default: 64)");

unsigned long mvblk_ram_limit;
module_param_named(ram_limit, mvblk_ram_limit, ulong, 0644);
MODULE_PARM_DESC(ram_limit,
		 "MiB that the devices in RAM may have together (default: 0, half of the memory)");

bool mvblk_read_only;
module_param_named(read_only, mvblk_read_only, bool, 0644);
MODULE_PARM_DESC(read_only,
		 "Devices created from now on cannot be written to (default: off)");

unsigned long long mvblk_features_off;
module_param_named(features_off, mvblk_features_off, ullong, 0644);
MODULE_PARM_DESC(features_off,
		 "Feature bits that are not offered by devices created from now on, such as 0x10000000 for no indirect descriptors (default: 0)");

static char *backing = "";
module_param(backing, charp, 0644);
MODULE_PARM_DESC(backing,
		 "File that devices of the type mvblk-file have from their creation on; %u in it stands for the UUID (default: none)");

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
	MVBLK_TYPE(MDEV_CLASS_ID_VIRTIO, "ram64m", "64 MiB of RAM",
		   &mvblk_ram64m),
	MVBLK_TYPE(MDEV_CLASS_ID_VIRTIO, "ram1g", "1 GiB of RAM",
		   &mvblk_ram1g),
	MVBLK_TYPE(MDEV_CLASS_ID_VIRTIO, "file", "a file", &mvblk_file),
	MVBLK_TYPE(MDEV_CLASS_ID_VHOST, "ram64m", "64 MiB of RAM",
		   &mvblk_ram64m),
	MVBLK_TYPE(MDEV_CLASS_ID_VHOST, "ram1g", "1 GiB of RAM",
		   &mvblk_ram1g),
	MVBLK_TYPE(MDEV_CLASS_ID_VHOST, "file", "a file", &mvblk_file),
};

/**
 * mvblk_default_path() - the file that the module parameter names
 * @cdev: an instance that is being created
 * @path: result, to be freed by kfree(); NULL if there is none
 *
 * Context: process context.
 * Return: 0 or -ENOMEM.
 */
int mvblk_default_path(const struct mdev_class_device *cdev, char **path)
{
	const char *u, *end;

	*path = NULL;
	kernel_param_lock(THIS_MODULE);
	end = backing + strcspn(backing, "\n");
	if (end == backing) {
		kernel_param_unlock(THIS_MODULE);
		return 0;
	}
	u = strstr(backing, "%u");
	if (u && u < end)
		*path = kasprintf(GFP_KERNEL, "%.*s%s%.*s", (int)(u - backing),
				  backing, dev_name(&cdev->dev),
				  (int)(end - u - 2), u + 2);
	else
		*path = kstrndup(backing, end - backing, GFP_KERNEL);
	kernel_param_unlock(THIS_MODULE);
	return *path ? 0 : -ENOMEM;
}

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

static int __init mvblk_check_parameters(void)
{
	if (!queues || queues > MVBLK_MAX_QUEUES) {
		pr_err("queues=%u is not within 1 to %u\n", queues,
		       MVBLK_MAX_QUEUES);
		return -EINVAL;
	}
	if (mvblk_block_size < MVBLK_SECTOR || mvblk_block_size > SZ_4K ||
	    !is_power_of_2(mvblk_block_size)) {
		pr_err("block_size=%u is no power of two within %u to %u\n",
		       mvblk_block_size, MVBLK_SECTOR, SZ_4K);
		return -EINVAL;
	}
	if (!max_instances || max_instances > INT_MAX) {
		pr_err("max_instances=%u is not within 1 to %d\n",
		       max_instances, INT_MAX);
		return -EINVAL;
	}
	return 0;
}

static int __init mvblk_init(void)
{
	unsigned int i;
	int ret;

	ret = mvblk_check_parameters();
	if (ret)
		return ret;
	mvblk_ram_desc.nr_vqs = queues;
	mvblk_file_desc.nr_vqs = queues;
	for (i = 0; i < ARRAY_SIZE(mvblk_types); i++)
		mvblk_types[i].max_instances = max_instances;

	ret = platform_driver_register(&mvblk_driver);
	if (ret)
		return ret;

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
	return ret;
}
module_init(mvblk_init);

static void __exit mvblk_exit(void)
{
	platform_device_unregister(mvblk_pdev);
	platform_driver_unregister(&mvblk_driver);
	mvblk_ram_exit();
}
module_exit(mvblk_exit);

MODULE_DESCRIPTION("Mediated virtio block device in RAM or in a file");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_LICENSE("GPL");
