// SPDX-License-Identifier: GPL-2.0-only
/*
 * Class driver that makes a virtio device out of an instance, for the kernel's
 * own virtio drivers.
 */

#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <xen/xen.h>

#include <linux/mdev_mem.h>
#include <linux/mdev_users.h>

#include "virtio_mdev_private.h"

/* Virtio devices */
static DEFINE_MDEV_USERS(virtio_mdev_users);

static void virtio_mdev_release(struct device *dev)
{
	struct virtio_device *vdev = dev_to_virtio(dev);
	struct virtio_mdev_device *vm = to_virtio_mdev(vdev);

	mutex_destroy(&vm->lock);
	kfree(vm);
	/* Pairs with mdev_users_get() in virtio_mdev_probe() */
	mdev_users_put(&virtio_mdev_users);
}

/* Check for what this transport cannot do without, and log what is missing. */
static int virtio_mdev_check(struct mdev_class_device *cdev)
{
	const struct virtio_mdev_ops *ops = cdev->ops;

	if (!(ops->get_device_features(cdev) & BIT_ULL(VIRTIO_F_VERSION_1))) {
		mdev_class_error(cdev,
				 "the device does not offer VIRTIO_F_VERSION_1; legacy devices are not supported");
		return -EINVAL;
	}
	if (!ops->get_device_id(cdev)) {
		mdev_class_error(cdev,
				 "the device has the virtio device id 0, which no driver binds to");
		return -EINVAL;
	}
	if (virtio_mdev_dma_dev(cdev)) {
		if (ops->get_device_features(cdev) &
		    BIT_ULL(VIRTIO_F_ACCESS_PLATFORM))
			return 0;
		mdev_class_error(cdev,
				 "the device does DMA, but does not offer VIRTIO_F_ACCESS_PLATFORM: it would not use the addresses of the IOMMU");
		return -EINVAL;
	}
	/* In such a domain, rings go through the DMA API whatever is negotiated. */
	if (xen_domain()) {
		mdev_class_error(cdev,
				 "a Xen domain does not put physical addresses on virtqueues; use class vhost");
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * udev loads it on the uevent, but later: whoever has created the instance wants to use
 * it.  And initramfs and containers have no udev.
 */
static void virtio_mdev_load_driver(struct virtio_device *vdev)
{
	if (!READ_ONCE(vdev->dev.driver))
		request_module("virtio:d%08Xv%08X", vdev->id.device,
			       vdev->id.vendor);
}

static int virtio_mdev_probe(struct mdev_class_device *cdev)
{
	struct device *dma_dev = virtio_mdev_dma_dev(cdev);
	struct virtio_mdev_device *vm;
	int ret;

	ret = virtio_mdev_check(cdev);
	if (ret)
		return ret;

	/* The virtio core resets the device as well, but ignores a failure. */
	ret = mdev_class_reset(cdev);
	if (ret) {
		mdev_class_error(cdev, "the device cannot be reset: %pe",
				 ERR_PTR(ret));
		return ret;
	}

	vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	if (!vm)
		return -ENOMEM;

	vm->cdev = cdev;
	mutex_init(&vm->lock);
	INIT_WORK(&vm->rebind, virtio_mdev_rebind);
	/* The virtio core maps for the parent device. */
	vm->vdev.dev.parent = dma_dev ?: &cdev->dev;
	vm->vdev.dev.release = virtio_mdev_release;
	vm->vdev.id.device = cdev->ops->get_device_id(cdev);
	vm->vdev.id.vendor = cdev->ops->get_vendor_id(cdev);
	/* Drivers can reset virtqueues if the operation is present. */
	vm->vdev.config = cdev->ops->reset_vq ?
		&virtio_mdev_config_ops_vq_reset : &virtio_mdev_config_ops;

	/* Without ACCESS_PLATFORM addresses on the rings are physical. */
	cdev->mem = dma_dev ? NULL : mdev_mem_direct();
	/* Pairs with mdev_users_put() in virtio_mdev_release() */
	mdev_users_get(&virtio_mdev_users);
	ret = register_virtio_device(&vm->vdev);
	if (ret) {
		mdev_class_error(cdev, "cannot register a virtio device: %pe",
				 ERR_PTR(ret));
		mdev_class_reset(cdev);
		cdev->mem = NULL;
		/* The registration initialises the device even if it fails. */
		put_device(&vm->vdev.dev);
		return ret;
	}

	/* The virtio device is below the one that does the DMA: link to it here. */
	if (dma_dev && sysfs_create_link(&cdev->dev.kobj, &vm->vdev.dev.kobj,
					 dev_name(&vm->vdev.dev)))
		dev_warn(&cdev->dev, "cannot link to %s\n",
			 dev_name(&vm->vdev.dev));

	dev_set_drvdata(&cdev->dev, vm);
	virtio_mdev_load_driver(&vm->vdev);
	return 0;
}

static void virtio_mdev_remove(struct mdev_class_device *cdev)
{
	struct virtio_mdev_device *vm = dev_get_drvdata(&cdev->dev);

	if (virtio_mdev_dma_dev(cdev))
		sysfs_remove_link(&cdev->dev.kobj, dev_name(&vm->vdev.dev));
	virtio_mdev_thaw(vm);
	/* Pairs with put_device() below */
	get_device(&vm->vdev.dev);
	/*
	 * Unbinds the virtio driver, which resets the device and deletes its
	 * virtqueues.  There are no callbacks after that.
	 */
	unregister_virtio_device(&vm->vdev);
	/* The core has set ACKNOWLEDGE again, but the next user starts at 0. */
	virtio_mdev_reset_device(vm);
	put_device(&vm->vdev.dev);
	cdev->mem = NULL;
	if (cdev->ops->end_use)
		cdev->ops->end_use(cdev);
}

/* &mdev_class_driver.show_mem */
static void virtio_mdev_show_mem(struct mdev_class_device *cdev,
				 struct seq_file *m)
{
	struct device *dma_dev = virtio_mdev_dma_dev(cdev);

	if (dma_dev)
		seq_printf(m, "memory: the kernel's, with the DMA API of %s\n",
			   dev_name(dma_dev));
	else
		seq_puts(m, "memory: the kernel's, by physical addresses\n");
}

static const struct mdev_class_device_id virtio_mdev_id_table[] = {
	{ MDEV_CLASS_ID_VIRTIO },
	{ }
};

static struct mdev_class_driver virtio_mdev_driver = {
	.driver = {
		.name = "virtio_mdev",
	},
	.id_table = virtio_mdev_id_table,
	.probe = virtio_mdev_probe,
	.remove = virtio_mdev_remove,
	.suspend = virtio_mdev_suspend,
	.resume = virtio_mdev_resume,
	.reset_prepare = virtio_mdev_reset_prepare,
	.reset_done = virtio_mdev_reset_done,
	.show_mem = virtio_mdev_show_mem,
};

static int __init virtio_mdev_init(void)
{
	return mdev_class_register_driver(&virtio_mdev_driver);
}

static void __exit virtio_mdev_exit(void)
{
	mdev_class_unregister_driver(&virtio_mdev_driver);
	mdev_users_wait(&virtio_mdev_users);
}

module_init(virtio_mdev_init);
module_exit(virtio_mdev_exit);

MODULE_ALIAS_MDEV_CLASS("02");
MODULE_DESCRIPTION("Virtio transport over mediated devices");
MODULE_AUTHOR("virtio-mdev developers");
MODULE_VERSION(VIRTIO_MDEV_VERSION);
MODULE_LICENSE("GPL");
