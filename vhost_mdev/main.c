// SPDX-License-Identifier: GPL-2.0-only
/*
 * Class driver for instances of class VHOST: userspace sets the device up with
 * the vhost ioctls.
 */

#include <linux/mdev_class.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "chr.h"
#include "device.h"
#include "path.h"
#include "vfio.h"

static int vhost_mdev_probe(struct mdev_class_device *cdev)
{
	struct vhost_mdev *vd;
	int ret;

	vd = vhost_mdev_create(cdev);
	if (IS_ERR(vd))
		return PTR_ERR(vd);
	dev_set_drvdata(&cdev->dev, vd);
	ret = vhost_mdev_vfio_add(vd);
	if (ret)
		goto err_vd;
	ret = vhost_mdev_chr_add(vd);
	if (ret)
		goto err_vfio;
	return 0;

err_vfio:
	vhost_mdev_retire(vd);
	vhost_mdev_vfio_del(vd, cdev);
err_vd:
	vhost_mdev_put(vd);
	return ret;
}

/* Waits a while for the user to close the device, then revokes it. */
static void vhost_mdev_remove(struct mdev_class_device *cdev)
{
	struct vhost_mdev *vd = dev_get_drvdata(&cdev->dev);

	vhost_mdev_chr_hide(vd);
	vhost_mdev_retire(vd);
	vhost_mdev_vfio_del(vd, cdev);
	vhost_mdev_chr_del(vd);
	/* Pairs with vhost_mdev_create() in vhost_mdev_probe() */
	vhost_mdev_put(vd);
}

/* &mdev_class_driver.show_mem */
static void vhost_mdev_show_mem(struct mdev_class_device *cdev,
				struct seq_file *m)
{
	struct vhost_mdev *vd = dev_get_drvdata(&cdev->dev);
	/* A user may just begin or end, but what is shown lives until remove. */
	const struct vhost_mdev_path *path = READ_ONCE(vd->path);

	if (!path) {
		seq_puts(m, "memory: none, never opened\n");
		return;
	}
	seq_printf(m, "access path: %s\n", path->name);
	path->show_mem(vd, m);
}

static ssize_t copy_mode_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return vhost_mdev_vfio_show_copying(dev_get_drvdata(dev), buf);
}
static DEVICE_ATTR_RO(copy_mode);

/* The driver core adds them after probe, and takes them away before remove. */
static struct attribute *vhost_mdev_attrs[] = {
	&dev_attr_copy_mode.attr,
	NULL,
};
ATTRIBUTE_GROUPS(vhost_mdev);

static const struct mdev_class_device_id vhost_mdev_id_table[] = {
	{ MDEV_CLASS_ID_VHOST },
	{ }
};

static struct mdev_class_driver vhost_mdev_driver = {
	.driver = {
		.name = "vhost_mdev",
		.dev_groups = vhost_mdev_groups,
	},
	.id_table = vhost_mdev_id_table,
	.probe = vhost_mdev_probe,
	.remove = vhost_mdev_remove,
	.show_mem = vhost_mdev_show_mem,
};

static int __init vhost_mdev_module_init(void)
{
	int ret;

	ret = vhost_mdev_chr_init();
	if (ret)
		return ret;
	ret = mdev_class_register_driver(&vhost_mdev_driver);
	if (ret)
		vhost_mdev_chr_exit();
	return ret;
}

static void __exit vhost_mdev_module_exit(void)
{
	mdev_class_unregister_driver(&vhost_mdev_driver);
	mdev_users_wait(&vhost_mdev_users);
	vhost_mdev_chr_exit();
}

module_init(vhost_mdev_module_init);
module_exit(vhost_mdev_module_exit);

MODULE_ALIAS_MDEV_CLASS("03");
MODULE_DESCRIPTION("Mediated virtio devices for userspace, by vhost ioctls");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
