/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MDEV_CORE_PRIVATE_H
#define _MDEV_CORE_PRIVATE_H

#include <linux/list.h>
#include <linux/mdev.h>
#include <linux/mdev_class.h>
#include <linux/mdev_users.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>

struct dentry;

/* Bytes of an error that are kept, and of a word in it that somebody has written */
#define MDEV_ERROR_TEXT		256
#define MDEV_ERROR_WORD		64

/**
 * struct mdev_error - why something could not be done
 * @lock: guards @told and @text
 * @limit: for the log
 * @told: it was said since mdev_error_begin()
 * @text: one line, empty if there is none
 */
struct mdev_error {
	/* guards what follows, see above */
	spinlock_t lock;
	struct ratelimit_state limit;
	bool told;
	char text[MDEV_ERROR_TEXT];
};

/**
 * struct mdev_instance - what only this module has of an instance
 * @cdev: the instance
 * @error: of the last thing that could not be done with it
 * @setup_lock: guards all that follows, and what attributes set up before a class
 *	driver binds.  Taken after the device lock of the instance, and by attributes,
 *	so nothing is done under it that waits for a user.
 * @driver: name of the class driver that is bound, or is being bound; else NULL
 * @bound: the class driver after its probe and before its remove; else NULL
 * @added: its directory is there
 * @counted: directories of counters, that of the last virtqueue first
 * @nr_counted: how many
 * @debugfs: its directory; constant while the instance is added.  Not guarded
 */
struct mdev_instance {
	struct mdev_class_device cdev;
	struct mdev_error error;

	/* guards the set-up, see above */
	struct mutex setup_lock;
	const char *driver;
	const struct mdev_class_driver *bound;
	bool added;
	struct list_head counted;
	unsigned int nr_counted;

	struct dentry *debugfs;
};

static inline struct mdev_instance *
to_mdev_instance(struct mdev_class_device *cdev)
{
	return container_of(cdev, struct mdev_instance, cdev);
}

/* Instances that somebody is about to create, at once and at one port */
#define MDEV_UNBOUND_MAX	64

/**
 * struct mdev_unbound - instances that are to be left unbound as they are created
 * @lock: guards the rest
 * @nr: how many there are
 * @uuids: their names, the oldest one first
 */
struct mdev_unbound {
	/* guards what follows, see above */
	spinlock_t lock;
	unsigned int nr;
	guid_t uuids[MDEV_UNBOUND_MAX];
};

/**
 * struct mdev_port_type - a type as the kernel's mdev core knows it
 * @mdev_type: zeroed at each registration, because it embeds a kobject
 * @desc: what the parent driver registered
 */
struct mdev_port_type {
	struct mdev_type mdev_type;
	const struct mdev_class_type *desc;
};

/**
 * struct mdev_port - the types of one class of a parent
 * @dev: "<parent>-<class>".  References to it keep the whole structure: each type's
 *	kobject has one, and each mdev has a reference to its type.
 * @mdev_parent: registration with the kernel's mdev core
 * @parent: the registration that this port is a part of; valid until that is
 *	undone, and by then no instance is left
 * @class_id: class of all types here
 * @available: how many more instances may be created
 * @unbound: those that no class driver is to be bound to as they are created
 * @error: why the last instance that could not be created was not
 * @type_ptrs: @types in the form that mdev_register_parent() takes
 * @nr_types: number of elements in @type_ptrs and @types
 * @types: the types
 */
struct mdev_port {
	struct device dev;
	struct mdev_parent mdev_parent;
	struct mdev_class_parent *parent;
	enum mdev_class_id class_id;
	atomic_t available;
	struct mdev_unbound unbound;
	struct mdev_error error;
	struct mdev_type **type_ptrs;
	unsigned int nr_types;
	struct mdev_port_type types[] __counted_by(nr_types);
};

#define to_mdev_port(d) container_of(d, struct mdev_port, dev)

/* The port's type that embeds @type, which is that of an mdev of ours */
static inline struct mdev_port_type *to_mdev_port_type(struct mdev_type *type)
{
	return container_of(type, struct mdev_port_type, mdev_type);
}

/* The port that @type belongs to */
static inline struct mdev_port *mdev_type_to_port(struct mdev_type *type)
{
	return container_of(type->parent, struct mdev_port, mdev_parent);
}

/**
 * struct mdev_class_parent - a parent driver's registration
 * @dev: the parent's device
 * @ops: how instances are made
 * @data: for the parent
 * @ports: one for each class offered, else NULL; index is the class id
 * @kept: how often @dev is in use beyond an instance, see
 *	mdev_class_parent_keep()
 */
struct mdev_class_parent {
	struct device *dev;
	const struct mdev_class_parent_ops *ops;
	void *data;
	struct mdev_port *ports[MDEV_CLASS_ID_VHOST + 1];
	atomic_t kept;
};

/*
 * Whether a removed instance keeps the parent's device: between
 * mdev_class_parent_keep() and mdev_class_parent_release()
 */
static inline bool mdev_class_parent_is_kept(struct mdev_class_parent *parent)
{
	return atomic_read_acquire(&parent->kept);
}

/* A class as a word, or NULL if there is no such class */
static inline const char *mdev_class_name(enum mdev_class_id class_id)
{
	switch (class_id) {
	case MDEV_CLASS_ID_VFIO:
		return "vfio";
	case MDEV_CLASS_ID_VIRTIO:
		return "virtio";
	case MDEV_CLASS_ID_VHOST:
		return "vhost";
	default:
		return NULL;
	}
}

/* class_bus.c */
extern struct mdev_users mdev_core_users;
extern struct bus_type mdev_class_bus_type;
int mdev_class_bus_register(const struct attribute_group **dev_groups);
void mdev_class_bus_unregister(void);
bool mdev_class_has_driver(struct mdev_class_device *cdev);

/* bind.c */
int mdev_instance_autoprobe(struct mdev_class_device *cdev);
int mdev_instance_bind(struct mdev_class_device *cdev);

/* error.c */
void mdev_error_init(struct mdev_error *error);
void mdev_error_begin(struct mdev_class_device *cdev);
__printf(2, 3)
void mdev_error_end(struct mdev_class_device *cdev, const char *fmt, ...);
void mdev_error_hand_on(struct mdev_class_device *cdev, struct mdev_error *to);
ssize_t mdev_error_show(struct mdev_error *error, char *buf);
void mdev_error_clear(struct mdev_error *error);

/* setup.c */
void mdev_setup_bind(struct mdev_class_device *cdev, const char *driver);
void mdev_setup_bound(struct mdev_class_device *cdev,
		      const struct mdev_class_driver *driver);
int mdev_setup_add(struct mdev_class_device *cdev);
void mdev_setup_del(struct mdev_class_device *cdev);

/* counters.c */
int mdev_counters_update(struct mdev_instance *instance);

/* debugfs.c */
void mdev_debugfs_add(struct mdev_instance *instance);
void mdev_debugfs_del(struct mdev_instance *instance);
void mdev_debugfs_init(void);
void mdev_debugfs_exit(void);

/* features.c */
ssize_t mdev_features_show(struct mdev_class_device *cdev, u64 features,
			   char *buf);
int mdev_features_store(struct mdev_class_device *cdev, const char *buf);

/* config.c */
extern struct device_attribute dev_attr_config;

/* unbound.c */
void mdev_unbound_init(struct mdev_unbound *unbound);
int mdev_unbound_write(struct mdev_unbound *unbound, const char *text);
bool mdev_unbound_take(struct mdev_unbound *unbound, const guid_t *uuid);

/* port.c */
int mdev_port_class_register(void);
void mdev_port_class_unregister(void);

/* instance.c */
int mdev_class_mdev_drivers_register(void);
void mdev_class_mdev_drivers_unregister(void);
struct mdev_driver *mdev_class_mdev_driver(enum mdev_class_id class_id);

/* sysfs.c */
extern const struct attribute_group *mdev_class_dev_groups[];
extern const struct attribute_group *mdev_port_groups[];

#endif /* _MDEV_CORE_PRIVATE_H */
