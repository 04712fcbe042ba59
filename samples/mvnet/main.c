// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: a software network device that loops transmitted frames back, as an
 * example of a parent driver and to test the class drivers with.
 */

#include <linux/module.h>
#include <linux/platform_device.h>

#include "mvnet.h"

#define MVNET_NAME	"mvnet0"

#define MVNET_TYPE(_class, _name, _pretty, _desc) {			\
	.name = "mvnet-" _name,						\
	.pretty_name = "mvnet network device, " _pretty,		\
	.description = "virtio network device that receives what it sends", \
	.class_id = _class,						\
	.data = _desc,							\
}

/* The limit is filled in from the module parameter before they are used. */
static struct mdev_class_type mvnet_types[] = {
	MVNET_TYPE(MDEV_CLASS_ID_VFIO, "net1", "1 queue pair",
		   &mvnet_one_pair),
	MVNET_TYPE(MDEV_CLASS_ID_VFIO, "net8", "8 queue pairs",
		   &mvnet_eight_pairs),
	MVNET_TYPE(MDEV_CLASS_ID_VIRTIO, "net1", "1 queue pair",
		   &mvnet_one_pair),
	MVNET_TYPE(MDEV_CLASS_ID_VIRTIO, "net8", "8 queue pairs",
		   &mvnet_eight_pairs),
	MVNET_TYPE(MDEV_CLASS_ID_VHOST, "net1", "1 queue pair",
		   &mvnet_one_pair),
	MVNET_TYPE(MDEV_CLASS_ID_VHOST, "net8", "8 queue pairs",
		   &mvnet_eight_pairs),
};

static void mvnet_unregister(void *parent)
{
	mdev_class_unregister_parent(parent);
}

static int mvnet_probe(struct platform_device *pdev)
{
	struct mdev_class_parent *parent;
	int ret;

	parent = mdev_class_register_parent(&pdev->dev, &mvnet_parent_ops,
					    mvnet_types,
					    ARRAY_SIZE(mvnet_types), NULL);
	if (IS_ERR(parent))
		return PTR_ERR(parent);

	ret = devm_add_action_or_reset(&pdev->dev, mvnet_unregister, parent);
	if (ret)
		return ret;

	platform_set_drvdata(pdev, parent);
	return 0;
}

static const struct platform_device_id mvnet_id_table[] = {
	{ MVNET_NAME },
	{ }
};

static struct platform_driver mvnet_driver = {
	.driver = {
		.name = "mvnet",
	},
	.probe = mvnet_probe,
	.id_table = mvnet_id_table,
};

static struct platform_device *mvnet_pdev;

static int __init mvnet_init(void)
{
	unsigned int i;
	int ret;

	ret = mvnet_check_parameters();
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(mvnet_types); i++)
		mvnet_types[i].max_instances = mvnet_max_instances;

	ret = platform_driver_register(&mvnet_driver);
	if (ret)
		return ret;

	mvnet_pdev = platform_device_register_simple(MVNET_NAME,
						     PLATFORM_DEVID_NONE,
						     NULL, 0);
	if (IS_ERR(mvnet_pdev)) {
		ret = PTR_ERR(mvnet_pdev);
		goto err_driver;
	}
	/* If the probe failed, the driver core logs the error but returns none. */
	if (!platform_get_drvdata(mvnet_pdev)) {
		ret = -ENODEV;
		goto err_device;
	}
	return 0;

err_device:
	platform_device_unregister(mvnet_pdev);
err_driver:
	platform_driver_unregister(&mvnet_driver);
	return ret;
}
module_init(mvnet_init);

static void __exit mvnet_exit(void)
{
	platform_device_unregister(mvnet_pdev);
	platform_driver_unregister(&mvnet_driver);
}
module_exit(mvnet_exit);

MODULE_DESCRIPTION("Mediated virtio network device that loops frames back");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
