/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mediated devices with a class: parents, instances and the class drivers that
 * bind to them.
 */
#ifndef _LINUX_MDEV_CLASS_H
#define _LINUX_MDEV_CLASS_H

#include <linux/device.h>
#include <linux/types.h>

struct mdev_class_parent;
struct mdev_device;
struct mdev_mem;
struct module;
struct seq_file;
struct virtio_mdev_ops;

/**
 * enum mdev_class_id - which kind of driver an instance is for
 * @MDEV_CLASS_ID_VFIO: a VFIO device with a personality of its own
 * @MDEV_CLASS_ID_VIRTIO: a virtio transport, for the kernel's virtio drivers
 * @MDEV_CLASS_ID_VHOST: a device that a user sets up with the vhost ioctls
 *
 * The numbers are ABI: they appear in sysfs and in module aliases.
 */
enum mdev_class_id {
	MDEV_CLASS_ID_VFIO = 1,
	MDEV_CLASS_ID_VIRTIO = 2,
	MDEV_CLASS_ID_VHOST = 3,
};

/**
 * struct mdev_class_type - a type that a parent offers
 * @name: unique within the parent, a valid sysfs name; the type appears as
 *	"mdev_port-<name>", so a parent puts its own name into it
 * @pretty_name: (optional) one line for people, the type's "name" attribute
 * @description: (optional) the type's "description" attribute
 * @class_id: the class that instances of the type belong to
 * @max_instances: limit over the types of this @class_id of the parent; the
 *	largest value among them counts
 * @data: for the parent
 */
struct mdev_class_type {
	const char *name;
	const char *pretty_name;
	const char *description;
	enum mdev_class_id class_id;
	unsigned int max_instances;
	const void *data;
};

/**
 * struct mdev_class_device - an instance
 * @dev: device on the mdev_class bus, named by the UUID, a child of the mdev.
 *	Its driver data belongs to the class driver.
 * @mdev: the mdev that an administrator created
 * @parent: what the parent driver registered
 * @type: the type that was asked for
 * @class_id: class of the type; a class driver bound by driver_override may
 *	differ from it
 * @ops: device operations; set by the parent with mdev_class_set_virtio_ops()
 * @mem: the driver's memory, set by the class driver before it allows
 *	DRIVER_OK and cleared after the reset that ends the use; the parent may
 *	use it from set_status(DRIVER_OK) to reset().  NULL if there is no memory,
 *	or if the device does its own DMA, see &virtio_mdev_ops.get_dma_dev.
 *	Groups of virtqueues may be given another, see
 *	&virtio_mdev_ops.set_group_asid.
 *
 * All except @mem is constant from the end of &mdev_class_parent_ops.create on.
 */
struct mdev_class_device {
	struct device dev;
	struct mdev_device *mdev;
	struct mdev_class_parent *parent;
	const struct mdev_class_type *type;
	enum mdev_class_id class_id;
	const struct virtio_mdev_ops *ops;
	struct mdev_mem *mem;

	/* private: */
	void *parent_data;
	const struct attribute_group **parent_groups;
	/* guards driver_override against a reader and a second writer */
	spinlock_t override_lock;
	char *driver_override;
	u32 device_id;
	/* result of making the sysfs links, as the instance is added */
	int link_error;
	/* the bus has found a class driver */
	bool matched;
	/* no class driver may bind until somebody asks for it */
	bool leave_unbound;
	int probe_error;
};

/**
 * to_mdev_class_device() - the instance that embeds a device
 * @d: a device on the mdev_class bus
 */
#define to_mdev_class_device(d) \
	container_of_const(d, struct mdev_class_device, dev)

/**
 * struct mdev_class_parent_ops - how a parent driver makes instances
 * @owner: THIS_MODULE; pinned while a user has an instance open, or a virtio driver
 *	uses it
 * @create: make an instance of @cdev->type.  Must call
 *	mdev_class_set_virtio_ops(); may call mdev_class_set_data() and
 *	mdev_class_set_groups().  The writer of "create" gets its error.
 *	Called with the mdev's device lock held, process context, may sleep.
 * @remove: undo @create.  The class driver is unbound already, so no other
 *	operation of the instance runs or will be called.  Same context.
 * @get_available: (optional) how many more instances of @type there can be,
 *	if types share something: users read the lower of this and of what
 *	&mdev_class_type.max_instances leaves.  It is a hint: @create has to check
 *	again.  Process context; the lock that @create is called with is not held.
 */
struct mdev_class_parent_ops {
	struct module *owner;
	int (*create)(struct mdev_class_device *cdev);
	void (*remove)(struct mdev_class_device *cdev);
	unsigned int (*get_available)(struct mdev_class_parent *parent,
				      const struct mdev_class_type *type);
};

/**
 * mdev_class_register_parent() - offer types for instances on a device
 * @dev: the parent's device; stays until the parent is unregistered; its name
 *	prefixes the ports: "<name>-virtio", "<name>-vhost", "<name>-vfio"
 * @ops: how instances are made; constant, outlives the registration
 * @types: @nr_types descriptions; constant, outlives the registration
 * @nr_types: at least 1
 * @data: for the parent, see mdev_class_parent_data()
 *
 * For each class among the types one port appears under @dev, and is
 * registered with the kernel's mdev core.
 *
 * Context: process context; may sleep.  Instances may be created before this
 * returns.
 * Return: the parent, or an ERR_PTR(): -EINVAL for a malformed type, -EEXIST
 * if @dev has such a port, -ENOMEM.
 */
struct mdev_class_parent *
mdev_class_register_parent(struct device *dev,
			   const struct mdev_class_parent_ops *ops,
			   const struct mdev_class_type *types,
			   unsigned int nr_types, void *data);

/**
 * mdev_class_unregister_parent() - withdraw the types
 * @parent: from mdev_class_register_parent()
 *
 * Removes all instances.  A user that has one open is asked to close it, and
 * loses it after a while; see mdev_class_parent_keep() for what remains.
 *
 * Context: process context; sleeps.
 */
void mdev_class_unregister_parent(struct mdev_class_parent *parent);

/**
 * mdev_class_parent_keep() - the parent's device is in use beyond an instance
 * @parent: &mdev_class_device.parent of an instance that the caller removes
 *
 * For a class driver that registers the device itself with another subsystem, and
 * cannot undo that while a user has a file open.  Until
 * mdev_class_parent_release() is called, mdev_class_unregister_parent() waits, and
 * no class driver is bound to another instance of the parent.
 *
 * Context: &mdev_class_driver.remove.
 */
void mdev_class_parent_keep(struct mdev_class_parent *parent);

/**
 * mdev_class_parent_release() - undo mdev_class_parent_keep()
 * @parent: the parent, which may be gone when this returns
 *
 * Context: any.
 */
void mdev_class_parent_release(struct mdev_class_parent *parent);

/**
 * mdev_class_parent_data() - what the parent handed to its registration
 * @parent: from mdev_class_register_parent() or &mdev_class_device.parent
 *
 * Context: any.
 * Return: its @data.
 */
void *mdev_class_parent_data(const struct mdev_class_parent *parent);

/**
 * mdev_class_parent_owner() - the parent driver's module
 * @parent: &mdev_class_device.parent
 *
 * For a class driver that pins the parent while a user has the instance open, or
 * a driver uses it.
 *
 * Context: any.
 * Return: &mdev_class_parent_ops.owner.
 */
struct module *mdev_class_parent_owner(const struct mdev_class_parent *parent);

/**
 * mdev_class_set_virtio_ops() - give an instance its device operations
 * @cdev: the instance
 * @ops: complete table; constant, outlives the instance
 *
 * Context: &mdev_class_parent_ops.create only.
 */
static inline void mdev_class_set_virtio_ops(struct mdev_class_device *cdev,
					     const struct virtio_mdev_ops *ops)
{
	cdev->ops = ops;
}

/**
 * mdev_class_set_data() - attach the parent driver's state to an instance
 * @cdev: the instance
 * @data: for mdev_class_get_data()
 *
 * Context: &mdev_class_parent_ops.create only.
 */
static inline void mdev_class_set_data(struct mdev_class_device *cdev,
				       void *data)
{
	cdev->parent_data = data;
}

/**
 * mdev_class_get_data() - the parent driver's state of an instance
 * @cdev: the instance
 *
 * Context: any.
 * Return: what mdev_class_set_data() stored.
 */
static inline void *mdev_class_get_data(const struct mdev_class_device *cdev)
{
	return cdev->parent_data;
}

/**
 * mdev_class_set_groups() - sysfs attributes of the parent's own
 * @cdev: the instance
 * @groups: NULL-terminated; constant, outlives the instance.  The attributes
 *	appear in the directory of &mdev_class_device.dev, before the uevent.
 *
 * Context: &mdev_class_parent_ops.create only.
 */
static inline void
mdev_class_set_groups(struct mdev_class_device *cdev,
		      const struct attribute_group **groups)
{
	cdev->parent_groups = groups;
}

/**
 * mdev_class_set_status() - set bits of the device status
 * @cdev: the instance, to which the caller is bound
 * @status: the new status, as for &virtio_mdev_ops.set_status
 *
 * For class drivers, which do not call the operation themselves: it is traced here.
 *
 * Context: as &virtio_mdev_ops.set_status.
 * Return: what the parent returns.
 */
int mdev_class_set_status(struct mdev_class_device *cdev, u8 status);

/**
 * mdev_class_reset() - reset the device
 * @cdev: the instance, to which the caller is bound
 *
 * As mdev_class_set_status(), with &virtio_mdev_ops.reset.
 *
 * Context: as &virtio_mdev_ops.reset.
 * Return: what the parent returns.
 */
int mdev_class_reset(struct mdev_class_device *cdev);

/**
 * mdev_class_error() - say why something cannot be done
 * @cdev: the instance
 * @fmt: one line for a person, without a line feed: what is wrong, and what to do
 *	about it; as of printf()
 *
 * For whatever fails that an administrator does: &mdev_class_parent_ops.create,
 * &mdev_class_driver.probe, an attribute.  It is written to the log, and kept for the
 * attribute last_error of the instance; that of the port has it if the instance
 * cannot be created.  An attribute begins with its name and what was written:
 * "mtu 90000: at most 9000".
 *
 * Context: process context; may sleep.
 */
__printf(2, 3)
void mdev_class_error(struct mdev_class_device *cdev, const char *fmt, ...);

/**
 * mdev_class_parse_uint() - read what was written to an attribute
 * @cdev: the instance
 * @name: of the attribute
 * @buf: what was written
 * @min: the least that is allowed
 * @max: the most
 * @val: result
 *
 * Context: process context; may sleep.
 * Return: 0; -EINVAL for what is not a number, -ERANGE for one that is not allowed, and
 * mdev_class_error() was called.
 */
int mdev_class_parse_uint(struct mdev_class_device *cdev, const char *name,
			  const char *buf, unsigned int min, unsigned int max,
			  unsigned int *val);

/**
 * mdev_class_parse_bool() - read what was written to an attribute
 * @cdev: the instance
 * @name: of the attribute
 * @buf: what was written
 * @val: result
 *
 * Context: process context; may sleep.
 * Return: 0; -EINVAL for what is neither, and mdev_class_error() was called.
 */
int mdev_class_parse_bool(struct mdev_class_device *cdev, const char *name,
			  const char *buf, bool *val);

/**
 * mdev_class_setup_begin() - change what a class driver reads when it is bound
 * @cdev: the instance
 * @name: of the attribute, for a message
 *
 * For attributes that cannot change while a class driver is bound: features, the
 * number of virtqueues and the like.
 *
 * Context: process context; sleeps, but not for long.
 * Return: 0, and no class driver is bound before mdev_class_setup_end(); -EBUSY while one
 * is bound, and mdev_class_error() was called; -ENODEV if the instance is being
 * removed.
 */
int mdev_class_setup_begin(struct mdev_class_device *cdev, const char *name);

/**
 * mdev_class_setup_end() - end what mdev_class_setup_begin() began
 * @cdev: the instance
 *
 * Context: the task that has called mdev_class_setup_begin().
 */
void mdev_class_setup_end(struct mdev_class_device *cdev);

/**
 * mdev_class_vqs_changed() - the number of virtqueues is another one
 * @cdev: the instance
 *
 * Context: &mdev_class_parent_ops.create, or between mdev_class_setup_begin() and
 * mdev_class_setup_end().
 * Return: 0; a negative errno if some have no directory in sysfs, which cannot be if
 * there are not more than before.
 */
int mdev_class_vqs_changed(struct mdev_class_device *cdev);

/**
 * mdev_class_feature_names() - names of feature bits, for a message
 * @cdev: the instance
 * @features: the bits
 * @buf: result: names with blanks between them, and the number of a bit that has none;
 *	what does not fit is left out
 * @size: of it, not 0
 *
 * Context: any.
 */
void mdev_class_feature_names(struct mdev_class_device *cdev, u64 features,
			      char *buf, size_t size);

/**
 * mdev_class_reset_prepare() - the hardware behind an instance will be reset
 * @cdev: the instance, to which the caller has a reference
 *
 * For a parent whose hardware is reset by somebody other than the user of the
 * instance.  Tells the class driver, and keeps it bound until
 * mdev_class_reset_done().  Also for hardware that was reset already; then
 * mdev_class_reset_done() follows at once.
 *
 * Waits for a class driver that is being bound or unbound, but only for some
 * seconds: a removal may wait for a user, and the reset must not wait for that.
 *
 * Context: process context; sleeps.  The caller holds no lock that an operation of
 * the instance takes, and not the lock that create and remove are called with.
 * Return: true if the caller has to call mdev_class_reset_done(); false if the
 * class driver could not be told.
 */
bool mdev_class_reset_prepare(struct mdev_class_device *cdev);

/**
 * mdev_class_reset_done() - the hardware behind an instance was reset
 * @cdev: the instance, after mdev_class_reset_prepare() in the same task; its
 *	operations work again
 *
 * Context: as mdev_class_reset_prepare().
 */
void mdev_class_reset_done(struct mdev_class_device *cdev);

/**
 * struct mdev_class_device_id - what a class driver binds to
 * @class_id: a class; 0 ends the table
 */
struct mdev_class_device_id {
	u8 class_id;
};

/**
 * struct mdev_class_driver - a class driver
 * @driver: the driver sets its name, the registration its owner
 * @id_table: classes that it binds to; ended by an empty entry
 * @probe: bind to an instance.  An error fails the "create" that made the
 *	instance; the driver logs the cause.  Called with the device lock of
 *	@cdev held, process context, may sleep.
 * @remove: (optional) unbind: reset the instance and let go of it.  Same
 *	context.
 * @suspend: (optional) the host goes to sleep, or an image of it is made, and
 *	the device may lose its state: stop using it.  An error keeps the host
 *	awake.  Same context; user space is frozen.
 * @resume: (optional, with @suspend) the host is back: bring the device to where
 *	it was.  Same context.
 * @reset_prepare: (optional) the parent's hardware is about to be reset, or was
 *	reset already, while the device is in use: keep what its users lose as
 *	small as possible, and let none of them wait forever.  Same context.
 * @reset_done: (optional, with @reset_prepare) the hardware was reset: bring the
 *	device back if possible.  Same context, and @remove is not called in
 *	between.
 * @show_mem: (optional) write what is known of the driver's memory to a file of
 *	debugfs: one "name: value" a line.  Called after @probe and before @remove, at
 *	any time, in process context, with a lock held that binding and attributes
 *	take: it waits for nothing that a user can delay.
 *
 * @suspend and @resume are not in &device_driver.pm, because VFIO uses runtime power
 * management on a device whose driver has that.
 */
struct mdev_class_driver {
	struct device_driver driver;
	const struct mdev_class_device_id *id_table;
	int (*probe)(struct mdev_class_device *cdev);
	void (*remove)(struct mdev_class_device *cdev);
	int (*suspend)(struct mdev_class_device *cdev);
	int (*resume)(struct mdev_class_device *cdev);
	void (*reset_prepare)(struct mdev_class_device *cdev);
	void (*reset_done)(struct mdev_class_device *cdev);
	void (*show_mem)(struct mdev_class_device *cdev, struct seq_file *m);
};

/**
 * __mdev_class_register_driver() - register a class driver
 * @drv: the driver; lives until mdev_class_unregister_driver()
 * @owner: its module
 *
 * Use mdev_class_register_driver() or module_mdev_class_driver().
 *
 * Context: process context; sleeps.  Instances may be probed before this
 * returns.
 * Return: 0 or a negative errno.
 */
int __mdev_class_register_driver(struct mdev_class_driver *drv,
				 struct module *owner);

/**
 * mdev_class_register_driver() - register a class driver of this module
 * @drv: the driver
 */
#define mdev_class_register_driver(drv) \
	__mdev_class_register_driver(drv, THIS_MODULE)

/**
 * mdev_class_unregister_driver() - unbind and unregister a class driver
 * @drv: the driver
 *
 * Context: process context; sleeps.
 */
void mdev_class_unregister_driver(struct mdev_class_driver *drv);

/**
 * module_mdev_class_driver() - module_init and module_exit of a class driver
 * @drv: the driver
 */
#define module_mdev_class_driver(drv)					\
	module_driver(drv, mdev_class_register_driver,			\
		      mdev_class_unregister_driver)

/**
 * MODULE_ALIAS_MDEV_CLASS() - have a class driver loaded for its class
 * @id: two hexadecimal digits, as text: "02" for MDEV_CLASS_ID_VIRTIO
 *
 * Stock modpost knows no device table for this bus.
 */
#define MODULE_ALIAS_MDEV_CLASS(id) MODULE_ALIAS("mdev_class:c" id)

#endif /* _LINUX_MDEV_CLASS_H */
