// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an instance is doing now: /sys/kernel/debug/mdev/UUID.
 *
 * The files exist from before a class driver binds until the instance is deleted,
 * so also while a removal waits for a program.  Whoever removes them waits for
 * readers, so a reader waits for nothing that a driver or a program can delay.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include <linux/virtio_mdev.h>

#include "mdev_core_private.h"

static struct dentry *mdev_debugfs_root;

static int mdev_debugfs_instance_show(struct seq_file *m, void *v)
{
	struct mdev_instance *instance = m->private;
	struct mdev_class_device *cdev = &instance->cdev;
	const struct virtio_mdev_ops *ops = cdev->ops;

	seq_printf(m, "parent: %s\n", dev_name(cdev->parent->dev));
	seq_printf(m, "type: %s\n", cdev->type->name);
	seq_printf(m, "class: %s\n", mdev_class_name(cdev->class_id));
	mutex_lock(&instance->setup_lock);
	seq_printf(m, "driver: %s\n", instance->driver ?: "none");
	mutex_unlock(&instance->setup_lock);
	seq_printf(m, "device id: %u\n", cdev->device_id);
	seq_printf(m, "status: %#x\n", ops->get_status(cdev));
	seq_printf(m, "offered features: %#llx\n",
		   ops->get_device_features(cdev));
	seq_printf(m, "driver features: %#llx\n",
		   ops->get_driver_features(cdev));
	seq_printf(m, "virtqueues: %u\n", ops->get_vq_count(cdev));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mdev_debugfs_instance);

static int mdev_debugfs_memory_show(struct seq_file *m, void *v)
{
	struct mdev_instance *instance = m->private;
	const struct mdev_class_driver *bound;

	/* Keeps the class driver from being unbound */
	mutex_lock(&instance->setup_lock);
	bound = instance->bound;
	if (!bound)
		seq_puts(m, "memory: none, no class driver is bound\n");
	else if (bound->show_mem)
		bound->show_mem(&instance->cdev, m);
	mutex_unlock(&instance->setup_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mdev_debugfs_memory);

/* One record for each virtqueue; the position is its index */
static void *mdev_debugfs_virtqueues_start(struct seq_file *m, loff_t *pos)
{
	struct mdev_class_device *cdev = m->private;

	return *pos < cdev->ops->get_vq_count(cdev) ? pos : NULL;
}

static void *mdev_debugfs_virtqueues_next(struct seq_file *m, void *v,
					  loff_t *pos)
{
	++*pos;
	return mdev_debugfs_virtqueues_start(m, pos);
}

static void mdev_debugfs_virtqueues_stop(struct seq_file *m, void *v)
{
}

static int mdev_debugfs_virtqueues_show(struct seq_file *m, void *v)
{
	struct mdev_class_device *cdev = m->private;
	u16 idx = *(loff_t *)v;

	seq_printf(m, "%svirtqueue: %u\n", idx ? "\n" : "", idx);
	if (cdev->ops->show_vq)
		cdev->ops->show_vq(cdev, idx, m);
	return 0;
}

static const struct seq_operations mdev_debugfs_virtqueues_sops = {
	.start = mdev_debugfs_virtqueues_start,
	.next = mdev_debugfs_virtqueues_next,
	.stop = mdev_debugfs_virtqueues_stop,
	.show = mdev_debugfs_virtqueues_show,
};
DEFINE_SEQ_ATTRIBUTE(mdev_debugfs_virtqueues);

/**
 * mdev_debugfs_add() - make the files of an instance
 * @instance: the instance, complete except that it is not added
 *
 * As usual with debugfs, the instance works without them if that fails.
 *
 * Context: process context.
 */
void mdev_debugfs_add(struct mdev_instance *instance)
{
	struct dentry *dir;

	dir = debugfs_create_dir(dev_name(&instance->cdev.dev),
				 mdev_debugfs_root);
	debugfs_create_file("instance", 0400, dir, instance,
			    &mdev_debugfs_instance_fops);
	debugfs_create_file("memory", 0400, dir, instance,
			    &mdev_debugfs_memory_fops);
	debugfs_create_file("virtqueues", 0400, dir, &instance->cdev,
			    &mdev_debugfs_virtqueues_fops);
	instance->debugfs = dir;
}

/**
 * mdev_debugfs_del() - undo mdev_debugfs_add()
 * @instance: the instance
 *
 * Waits for readers; files that are still open only give errors after that.
 *
 * Context: process context, with no lock held that a reader takes.
 */
void mdev_debugfs_del(struct mdev_instance *instance)
{
	debugfs_remove(instance->debugfs);
}

void mdev_debugfs_init(void)
{
	mdev_debugfs_root = debugfs_create_dir("mdev", NULL);
}

void mdev_debugfs_exit(void)
{
	debugfs_remove(mdev_debugfs_root);
}
