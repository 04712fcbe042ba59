// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: virtio network devices whose other end is a network interface of the host.
 */

#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "net_mdev.h"

#define NET_MDEV_NAME	"net_mdev"

#define NET_MDEV_TYPE(_class, _name, _pretty, _desc) {			\
	.name = "net_mdev-" _name,					\
	.pretty_name = "net_mdev network device, " _pretty,		\
	.description = "virtio network device, with a network interface of the host", \
	.class_id = _class,						\
	.data = _desc,							\
}

/* The limit is filled in from the module parameter before they are used. */
static struct mdev_class_type net_mdev_types[] = {
	NET_MDEV_TYPE(MDEV_CLASS_ID_VFIO, "one", "1 queue pair",
		      &net_mdev_one_pair),
	NET_MDEV_TYPE(MDEV_CLASS_ID_VFIO, "mq", "a queue pair for each CPU",
		      &net_mdev_more_pairs),
	NET_MDEV_TYPE(MDEV_CLASS_ID_VIRTIO, "one", "1 queue pair",
		      &net_mdev_one_pair),
	NET_MDEV_TYPE(MDEV_CLASS_ID_VIRTIO, "mq", "a queue pair for each CPU",
		      &net_mdev_more_pairs),
	NET_MDEV_TYPE(MDEV_CLASS_ID_VHOST, "one", "1 queue pair",
		      &net_mdev_one_pair),
	NET_MDEV_TYPE(MDEV_CLASS_ID_VHOST, "mq", "a queue pair for each CPU",
		      &net_mdev_more_pairs),
};

static void net_mdev_unregister(void *parent)
{
	mdev_class_unregister_parent(parent);
}

static int net_mdev_probe(struct platform_device *pdev)
{
	struct mdev_class_parent *parent;
	int ret;

	parent = mdev_class_register_parent(&pdev->dev, &net_mdev_parent_ops,
					    net_mdev_types,
					    ARRAY_SIZE(net_mdev_types), NULL);
	if (IS_ERR(parent))
		return PTR_ERR(parent);

	ret = devm_add_action_or_reset(&pdev->dev, net_mdev_unregister, parent);
	if (ret)
		return ret;

	platform_set_drvdata(pdev, parent);
	return 0;
}

static const struct platform_device_id net_mdev_id_table[] = {
	{ NET_MDEV_NAME },
	{ }
};

static struct platform_driver net_mdev_driver = {
	.driver = {
		.name = "net_mdev",
	},
	.probe = net_mdev_probe,
	.id_table = net_mdev_id_table,
};

static struct platform_device *net_mdev_pdev;

static void __init net_mdev_fill_types(void)
{
	unsigned int pairs = clamp(num_possible_cpus(), 1U,
				   (unsigned int)NET_MDEV_MAX_PAIRS);
	unsigned int i;

	net_mdev_more_pairs.nr_vqs = 2 * pairs + 1;
	for (i = 0; i < ARRAY_SIZE(net_mdev_types); i++)
		net_mdev_types[i].max_instances = net_mdev_max_instances;
}

static int __init net_mdev_init(void)
{
	int ret;

	ret = net_mdev_check_parameters();
	if (ret)
		return ret;
	net_mdev_fill_types();

	ret = platform_driver_register(&net_mdev_driver);
	if (ret)
		return ret;

	net_mdev_pdev = platform_device_register_simple(NET_MDEV_NAME,
							PLATFORM_DEVID_NONE,
							NULL, 0);
	if (IS_ERR(net_mdev_pdev)) {
		ret = PTR_ERR(net_mdev_pdev);
		goto err_driver;
	}
	/* If the probe failed, the driver core logs the error but returns none. */
	if (!platform_get_drvdata(net_mdev_pdev)) {
		ret = -ENODEV;
		goto err_device;
	}
	return 0;

err_device:
	platform_device_unregister(net_mdev_pdev);
err_driver:
	platform_driver_unregister(&net_mdev_driver);
	return ret;
}
module_init(net_mdev_init);

static void __exit net_mdev_exit(void)
{
	platform_device_unregister(net_mdev_pdev);
	platform_driver_unregister(&net_mdev_driver);
}
module_exit(net_mdev_exit);

MODULE_DESCRIPTION("Mediated virtio network device with a network interface of the host");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
