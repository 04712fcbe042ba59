// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of an instance: from the UUID that is written to "create" until the mdev
 * is removed.
 */

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>

#include <linux/virtio_mdev.h>

#include "mdev_core_private.h"

static void mdev_instance_release(struct device *dev)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	kfree(cdev->driver_override);
	/* Pairs with get_device() in mdev_instance_alloc() */
	put_device(mdev_dev(cdev->mdev));
	mutex_destroy(&to_mdev_instance(cdev)->setup_lock);
	ratelimit_state_exit(&to_mdev_instance(cdev)->error.limit);
	kfree(to_mdev_instance(cdev));
	/* Pairs with mdev_users_get() in mdev_instance_alloc() */
	mdev_users_put(&mdev_core_users);
}

static struct mdev_class_device *mdev_instance_alloc(struct mdev_device *mdev)
{
	struct mdev_port *port = mdev_type_to_port(mdev->type);
	struct mdev_instance *instance;
	struct mdev_class_device *cdev;

	instance = kzalloc(sizeof(*instance), GFP_KERNEL);
	if (!instance)
		return NULL;
	mdev_error_init(&instance->error);
	mutex_init(&instance->setup_lock);
	INIT_LIST_HEAD(&instance->counted);
	cdev = &instance->cdev;

	spin_lock_init(&cdev->override_lock);
	cdev->parent = port->parent;
	cdev->leave_unbound = mdev_unbound_take(&port->unbound, &mdev->uuid);
	cdev->type = to_mdev_port_type(mdev->type)->desc;
	cdev->class_id = port->class_id;
	/*
	 * The mdev keeps its type, and the type keeps the port.  Pairs with
	 * put_device() in mdev_instance_release().
	 */
	get_device(mdev_dev(mdev));
	cdev->mdev = mdev;

	/* Pairs with mdev_users_put() in mdev_instance_release() */
	mdev_users_get(&mdev_core_users);
	device_initialize(&cdev->dev);
	cdev->dev.parent = mdev_dev(mdev);
	cdev->dev.bus = &mdev_class_bus_type;
	cdev->dev.release = mdev_instance_release;
	/* Named before create(), so that a parent can use the name in messages */
	if (dev_set_name(&cdev->dev, "%s", dev_name(mdev_dev(mdev)))) {
		put_device(&cdev->dev);
		return NULL;
	}
	return cdev;
}

/* Class drivers call these without a check, so check them here. */
static bool virtio_mdev_ops_complete(const struct virtio_mdev_ops *ops)
{
	return ops && ops->set_vq_address && ops->set_vq_num &&
	       ops->get_vq_num_max && ops->kick_vq && ops->set_vq_cb &&
	       ops->set_vq_ready && ops->get_vq_ready && ops->set_vq_state &&
	       ops->get_vq_state && ops->get_vq_count &&
	       ops->get_device_features && ops->set_driver_features &&
	       ops->get_driver_features && ops->get_mdev_features &&
	       ops->set_config_cb && ops->get_device_id && ops->get_vendor_id &&
	       ops->get_status && ops->set_status && ops->reset &&
	       ops->get_config_size && ops->get_config && ops->set_config &&
	       !ops->suspend == !ops->resume &&
	       !ops->set_device_features == !ops->get_feature_limits;
}

static int mdev_instance_check(struct mdev_class_device *cdev)
{
	const struct virtio_mdev_ops *ops = cdev->ops;

	if (!virtio_mdev_ops_complete(ops)) {
		mdev_class_error(cdev, "the parent driver lacks a required device operation");
		return -EINVAL;
	}
	if (!(ops->get_mdev_features(cdev) & VIRTIO_MDEV_F_VERSION_1)) {
		mdev_class_error(cdev,
				 "the parent driver does not speak version 1 of the device operations");
		return -EINVAL;
	}
	if (!ops->get_vq_count(cdev)) {
		mdev_class_error(cdev, "the parent driver offers no virtqueue");
		return -EINVAL;
	}
	cdev->device_id = ops->get_device_id(cdev);
	return 0;
}

static void mdev_instance_unlink(struct mdev_class_device *cdev)
{
	mdev_setup_del(cdev);
	sysfs_remove_link(&mdev_dev(cdev->mdev)->kobj, "instance");
	if (virtio_mdev_dma_dev(cdev))
		sysfs_remove_link(&cdev->dev.kobj, "dma_device");
	sysfs_remove_link(&cdev->dev.kobj, "mdev");
}

static int mdev_instance_link(struct mdev_class_device *cdev)
{
	struct device *dma_dev = virtio_mdev_dma_dev(cdev);
	struct kobject *mdev = &mdev_dev(cdev->mdev)->kobj;
	int ret;

	ret = sysfs_create_link(&cdev->dev.kobj, mdev, "mdev");
	if (ret)
		return ret;
	if (dma_dev) {
		ret = sysfs_create_link(&cdev->dev.kobj, &dma_dev->kobj,
					"dma_device");
		if (ret)
			goto err_mdev;
	}
	/* The definitions of mdevctl need a path without the UUID */
	ret = sysfs_create_link(mdev, &cdev->dev.kobj, "instance");
	if (ret)
		goto err_dma;
	ret = mdev_setup_add(cdev);
	if (ret)
		goto err_instance;
	return 0;

err_instance:
	sysfs_remove_link(mdev, "instance");
err_dma:
	if (dma_dev)
		sysfs_remove_link(&cdev->dev.kobj, "dma_device");
err_mdev:
	sysfs_remove_link(&cdev->dev.kobj, "mdev");
	return ret;
}

/*
 * The driver core calls this after it has made the instance's directory and before
 * it sends the uevent, whose receivers look at the links.  mdev_instance_add()
 * checks for an error.
 */
static int mdev_instance_notify(struct notifier_block *nb,
				unsigned long action, void *data)
{
	struct device *dev = data;
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	if (action == BUS_NOTIFY_ADD_DEVICE)
		cdev->link_error = mdev_instance_link(cdev);
	return NOTIFY_DONE;
}

static struct notifier_block mdev_instance_nb = {
	.notifier_call = mdev_instance_notify,
};

static int mdev_instance_add(struct mdev_class_device *cdev)
{
	int ret;

	mdev_debugfs_add(to_mdev_instance(cdev));
	cdev->dev.groups = cdev->parent_groups;
	ret = device_add(&cdev->dev);
	if (ret)
		goto err_debugfs;

	ret = cdev->link_error;
	if (ret)
		goto err_del;

	ret = mdev_instance_autoprobe(cdev);
	if (ret)
		goto err_link;
	return 0;

err_link:
	mdev_instance_unlink(cdev);
err_del:
	device_del(&cdev->dev);
err_debugfs:
	mdev_debugfs_del(to_mdev_instance(cdev));
	return ret;
}

/* Make what the parent has for an instance. */
static int mdev_instance_create(struct mdev_class_device *cdev)
{
	const struct mdev_class_parent_ops *ops = cdev->parent->ops;
	int ret;

	mdev_error_begin(cdev);
	ret = ops->create(cdev);
	if (ret) {
		mdev_error_end(cdev, "the parent cannot make a %s: %pe",
			       cdev->type->name, ERR_PTR(ret));
		return ret;
	}
	ret = mdev_instance_check(cdev);
	if (!ret)
		ret = mdev_instance_add(cdev);
	if (ret) {
		mdev_error_end(cdev, "cannot add the instance: %pe",
			       ERR_PTR(ret));
		ops->remove(cdev);
	}
	return ret;
}

static int mdev_class_mdev_probe(struct mdev_device *mdev)
{
	struct mdev_port *port = mdev_type_to_port(mdev->type);
	struct mdev_class_device *cdev;
	int ret;

	cdev = mdev_instance_alloc(mdev);
	if (!cdev)
		return -ENOMEM;

	/* The kernel's mdev core shows the limit but does not enforce it. */
	if (atomic_dec_if_positive(&port->available) < 0) {
		mdev_class_error(cdev, "%s has no more instances: remove one first",
				 dev_name(&port->dev));
		ret = -EUSERS;
		goto err_put;
	}

	ret = mdev_instance_create(cdev);
	if (ret)
		goto err_available;

	dev_set_drvdata(mdev_dev(mdev), cdev);
	return 0;

err_available:
	atomic_inc(&port->available);
err_put:
	/* The mdev goes, and the instance's directory with it. */
	mdev_error_hand_on(cdev, &port->error);
	put_device(&cdev->dev);
	return ret;
}

static void mdev_class_mdev_remove(struct mdev_device *mdev)
{
	struct mdev_class_device *cdev = dev_get_drvdata(mdev_dev(mdev));
	struct mdev_port *port = mdev_type_to_port(mdev->type);

	mdev_instance_unlink(cdev);
	device_del(&cdev->dev);
	mdev_debugfs_del(to_mdev_instance(cdev));
	port->parent->ops->remove(cdev);
	/* Balances device_initialize() in mdev_instance_alloc() */
	put_device(&cdev->dev);
	atomic_inc(&port->available);
}

static unsigned int mdev_class_get_available(struct mdev_type *type)
{
	struct mdev_port *port = mdev_type_to_port(type);
	const struct mdev_class_parent_ops *ops = port->parent->ops;
	unsigned int available = atomic_read(&port->available);

	if (!ops->get_available)
		return available;
	return min(available,
		   ops->get_available(port->parent,
				      to_mdev_port_type(type)->desc));
}

static ssize_t mdev_class_show_description(struct mdev_type *type, char *buf)
{
	const struct mdev_class_type *desc = to_mdev_port_type(type)->desc;
	ssize_t len = 0;

	if (desc->description)
		len = sysfs_emit(buf, "%s\n", desc->description);
	return len + sysfs_emit_at(buf, len, "class_id: %d (%s)\n",
				   desc->class_id,
				   mdev_class_name(desc->class_id));
}

/* No bind attributes: mdev has no match, so an unbound mdev would stay unbound */
#define MDEV_CLASS_MDEV_DRIVER(_name, _device_api) {			\
	.device_api = _device_api,					\
	.probe = mdev_class_mdev_probe,					\
	.remove = mdev_class_mdev_remove,				\
	.get_available = mdev_class_get_available,			\
	.show_description = mdev_class_show_description,		\
	.driver = {							\
		.name = "mdev_class_" _name,				\
		.owner = THIS_MODULE,					\
		.mod_name = KBUILD_MODNAME,				\
		.suppress_bind_attrs = true,				\
	},								\
}

/* libvirt and mdevctl read device_api; they know "vfio-pci" by that very name. */
static struct mdev_driver mdev_class_mdev_drivers[] = {
	[MDEV_CLASS_ID_VFIO] = MDEV_CLASS_MDEV_DRIVER("vfio", "vfio-pci"),
	[MDEV_CLASS_ID_VIRTIO] = MDEV_CLASS_MDEV_DRIVER("virtio",
							"virtio-mdev"),
	[MDEV_CLASS_ID_VHOST] = MDEV_CLASS_MDEV_DRIVER("vhost", "vfio-vhost"),
};

/**
 * mdev_class_mdev_driver() - the driver that the mdevs of a port are bound to
 * @class_id: class of the port
 *
 * Return: the driver.
 */
struct mdev_driver *mdev_class_mdev_driver(enum mdev_class_id class_id)
{
	return &mdev_class_mdev_drivers[class_id];
}

int mdev_class_mdev_drivers_register(void)
{
	unsigned int i;
	int ret;

	/* First, because a driver may get mdevs as soon as it is registered */
	ret = bus_register_notifier(&mdev_class_bus_type, &mdev_instance_nb);
	if (ret)
		return ret;
	for (i = MDEV_CLASS_ID_VFIO; i <= MDEV_CLASS_ID_VHOST; i++) {
		ret = mdev_register_driver(&mdev_class_mdev_drivers[i]);
		if (ret)
			goto err;
	}
	return 0;

err:
	while (--i >= MDEV_CLASS_ID_VFIO)
		mdev_unregister_driver(&mdev_class_mdev_drivers[i]);
	bus_unregister_notifier(&mdev_class_bus_type, &mdev_instance_nb);
	return ret;
}

void mdev_class_mdev_drivers_unregister(void)
{
	unsigned int i;

	for (i = MDEV_CLASS_ID_VFIO; i <= MDEV_CLASS_ID_VHOST; i++)
		mdev_unregister_driver(&mdev_class_mdev_drivers[i]);
	bus_unregister_notifier(&mdev_class_bus_type, &mdev_instance_nb);
}
