// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parents and their ports.
 */

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "mdev_core_private.h"

/* How long an unregistration waits before it logs that again */
#define MDEV_CLASS_KEPT_PERIOD	(10 * HZ)

/**
 * DOC: ports
 *
 * The kernel's mdev core has one driver, and so one device_api, for all types of a
 * parent, but libvirt and mdevctl tell from device_api what an instance is.  A
 * parent that offers several classes is therefore registered once for each class, on
 * a child device of its own: the port.  Ports have a struct class, because the
 * driver core sends no uevent for a device with neither class nor bus, and the
 * autostart of mdevctl waits for one.
 */

static struct class mdev_port_class = {
	.name = "mdev_port",
	.dev_groups = mdev_port_groups,
};

static void mdev_port_release(struct device *dev)
{
	struct mdev_port *port = to_mdev_port(dev);

	kfree(port->type_ptrs);
	kfree(port);
	/* Pairs with mdev_users_get() in mdev_port_alloc() */
	mdev_users_put(&mdev_core_users);
}

static struct mdev_port *mdev_port_alloc(struct mdev_class_parent *parent,
					 enum mdev_class_id class_id,
					 const struct mdev_class_type *types,
					 unsigned int nr_types)
{
	unsigned int i, n = 0, max_instances = 0;
	struct mdev_port *port;

	for (i = 0; i < nr_types; i++)
		if (types[i].class_id == class_id)
			n++;

	port = kzalloc(struct_size(port, types, n), GFP_KERNEL);
	if (!port)
		return ERR_PTR(-ENOMEM);

	port->type_ptrs = kcalloc(n, sizeof(*port->type_ptrs), GFP_KERNEL);
	if (!port->type_ptrs) {
		kfree(port);
		return ERR_PTR(-ENOMEM);
	}

	port->parent = parent;
	port->class_id = class_id;
	port->nr_types = n;
	for (i = 0, n = 0; i < nr_types; i++) {
		struct mdev_port_type *type;

		if (types[i].class_id != class_id)
			continue;
		type = &port->types[n];
		type->desc = &types[i];
		type->mdev_type.sysfs_name = types[i].name;
		type->mdev_type.pretty_name = types[i].pretty_name;
		port->type_ptrs[n++] = &type->mdev_type;
		max_instances = max(max_instances, types[i].max_instances);
	}
	atomic_set(&port->available, max_instances);
	mdev_unbound_init(&port->unbound);
	mdev_error_init(&port->error);

	/* Pairs with mdev_users_put() in mdev_port_release() */
	mdev_users_get(&mdev_core_users);
	device_initialize(&port->dev);
	port->dev.parent = parent->dev;
	port->dev.class = &mdev_port_class;
	port->dev.release = mdev_port_release;
	return port;
}

static struct mdev_port *mdev_port_register(struct mdev_class_parent *parent,
					    enum mdev_class_id class_id,
					    const struct mdev_class_type *types,
					    unsigned int nr_types)
{
	struct mdev_port *port;
	int ret;

	port = mdev_port_alloc(parent, class_id, types, nr_types);
	if (IS_ERR(port))
		return port;

	ret = dev_set_name(&port->dev, "%s-%s", dev_name(parent->dev),
			   mdev_class_name(class_id));
	if (ret)
		goto err_put;

	ret = device_add(&port->dev);
	if (ret)
		goto err_put;

	ret = mdev_register_parent(&port->mdev_parent, &port->dev,
				   mdev_class_mdev_driver(class_id),
				   port->type_ptrs, port->nr_types);
	if (ret)
		goto err_del;

	return port;

err_del:
	device_del(&port->dev);
err_put:
	put_device(&port->dev);
	return ERR_PTR(ret);
}

static void mdev_port_unregister(struct mdev_port *port)
{
	mdev_unregister_parent(&port->mdev_parent);
	device_unregister(&port->dev);
}

static int mdev_class_check_types(struct device *dev,
				  const struct mdev_class_type *types,
				  unsigned int nr_types)
{
	unsigned int i, j;

	if (!nr_types)
		return -EINVAL;

	for (i = 0; i < nr_types; i++) {
		if (!types[i].name || !*types[i].name ||
		    strchr(types[i].name, '/') || !types[i].max_instances ||
		    !mdev_class_name(types[i].class_id)) {
			dev_err(dev, "type %u (%s) is malformed: it needs a name, a class and max_instances\n",
				i, types[i].name ?: "no name");
			return -EINVAL;
		}
		for (j = 0; j < i; j++) {
			if (types[i].class_id != types[j].class_id ||
			    strcmp(types[i].name, types[j].name))
				continue;
			dev_err(dev, "type %s is there twice in one class\n",
				types[i].name);
			return -EINVAL;
		}
	}
	return 0;
}

static void mdev_class_unregister_ports(struct mdev_class_parent *parent)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parent->ports); i++)
		if (parent->ports[i])
			mdev_port_unregister(parent->ports[i]);
}

static bool mdev_class_offered(enum mdev_class_id class_id,
			       const struct mdev_class_type *types,
			       unsigned int nr_types)
{
	unsigned int i;

	for (i = 0; i < nr_types; i++)
		if (types[i].class_id == class_id)
			return true;
	return false;
}

struct mdev_class_parent *
mdev_class_register_parent(struct device *dev,
			   const struct mdev_class_parent_ops *ops,
			   const struct mdev_class_type *types,
			   unsigned int nr_types, void *data)
{
	struct mdev_class_parent *parent;
	struct mdev_port *port;
	unsigned int id;
	int ret;

	if (!ops->create || !ops->remove)
		return ERR_PTR(-EINVAL);

	ret = mdev_class_check_types(dev, types, nr_types);
	if (ret)
		return ERR_PTR(ret);

	parent = kzalloc(sizeof(*parent), GFP_KERNEL);
	if (!parent)
		return ERR_PTR(-ENOMEM);

	parent->dev = dev;
	parent->ops = ops;
	parent->data = data;

	for (id = 0; id < ARRAY_SIZE(parent->ports); id++) {
		if (!mdev_class_offered(id, types, nr_types))
			continue;
		port = mdev_port_register(parent, id, types, nr_types);
		if (IS_ERR(port)) {
			ret = PTR_ERR(port);
			goto err_ports;
		}
		parent->ports[id] = port;
	}
	return parent;

err_ports:
	mdev_class_unregister_ports(parent);
	kfree(parent);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(mdev_class_register_parent);

void mdev_class_unregister_parent(struct mdev_class_parent *parent)
{
	mdev_class_unregister_ports(parent);
	/* No class driver is left that could call mdev_class_parent_keep(). */
	while (!wait_var_event_timeout(&parent->kept,
				       !mdev_class_parent_is_kept(parent),
				       MDEV_CLASS_KEPT_PERIOD))
		dev_notice(parent->dev,
			   "a program still has a removed instance open: waiting for it to close that\n");
	kfree(parent);
}
EXPORT_SYMBOL_GPL(mdev_class_unregister_parent);

void mdev_class_parent_keep(struct mdev_class_parent *parent)
{
	atomic_inc(&parent->kept);
}
EXPORT_SYMBOL_GPL(mdev_class_parent_keep);

void mdev_class_parent_release(struct mdev_class_parent *parent)
{
	/* Then @parent may be freed: wake_up_var() uses only the address. */
	if (atomic_dec_and_test(&parent->kept))
		wake_up_var(&parent->kept);
}
EXPORT_SYMBOL_GPL(mdev_class_parent_release);

void *mdev_class_parent_data(const struct mdev_class_parent *parent)
{
	return parent->data;
}
EXPORT_SYMBOL_GPL(mdev_class_parent_data);

struct module *mdev_class_parent_owner(const struct mdev_class_parent *parent)
{
	return parent->ops->owner;
}
EXPORT_SYMBOL_GPL(mdev_class_parent_owner);

int mdev_port_class_register(void)
{
	return class_register(&mdev_port_class);
}

void mdev_port_class_unregister(void)
{
	class_unregister(&mdev_port_class);
}
