// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes that count what virtqueues do: vq0/kicks, vq0/signals and so on.
 */

#include <linux/list.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include <linux/virtio_mdev.h>

#include "mdev_core_private.h"

struct mdev_vq_attr {
	struct device_attribute attr;
	u16 idx;
	u16 offset;
};

static const struct {
	const char *name;
	u16 offset;
} mdev_vq_counters[] = {
#define MDEV_VQ_COUNTER(_name) \
	{ #_name, offsetof(struct virtio_mdev_vq_stats, _name) }
	MDEV_VQ_COUNTER(kicks),
	MDEV_VQ_COUNTER(signals),
	MDEV_VQ_COUNTER(chains),
	MDEV_VQ_COUNTER(bytes),
	MDEV_VQ_COUNTER(drops),
	MDEV_VQ_COUNTER(errors),
};

#define MDEV_VQ_NR_COUNTERS	ARRAY_SIZE(mdev_vq_counters)

/* One directory of counters: a group, and all that it points to */
struct mdev_vq_attr_dir {
	struct list_head node;
	struct attribute_group group;
	char name[sizeof("vq65535")];
	struct mdev_vq_attr attrs[MDEV_VQ_NR_COUNTERS];
	struct attribute *ptrs[MDEV_VQ_NR_COUNTERS + 1];
};

static ssize_t mdev_vq_counter_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct mdev_vq_attr *vattr = container_of(attr, struct mdev_vq_attr,
						  attr);
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	struct virtio_mdev_vq_stats stats = {};
	int ret;

	ret = cdev->ops->get_vq_stats(cdev, vattr->idx, &stats);
	if (ret)
		return ret;
	return sysfs_emit(buf, "%llu\n",
			  *(u64 *)((void *)&stats + vattr->offset));
}

static void mdev_vq_attr_dir_init(struct mdev_vq_attr_dir *vq, u16 idx)
{
	unsigned int i;

	snprintf(vq->name, sizeof(vq->name), "vq%u", idx);
	for (i = 0; i < MDEV_VQ_NR_COUNTERS; i++) {
		struct mdev_vq_attr *vattr = &vq->attrs[i];

		vattr->idx = idx;
		vattr->offset = mdev_vq_counters[i].offset;
		sysfs_attr_init(&vattr->attr.attr);
		vattr->attr.attr.name = mdev_vq_counters[i].name;
		vattr->attr.attr.mode = 0444;
		vattr->attr.show = mdev_vq_counter_show;
		vq->ptrs[i] = &vattr->attr.attr;
	}
	vq->group.name = vq->name;
	vq->group.attrs = vq->ptrs;
}

static int mdev_counters_push(struct mdev_instance *instance)
{
	struct mdev_vq_attr_dir *vq;
	int ret;

	vq = kzalloc(sizeof(*vq), GFP_KERNEL);
	if (!vq)
		return -ENOMEM;
	mdev_vq_attr_dir_init(vq, instance->nr_counted);
	ret = sysfs_create_group(&instance->cdev.dev.kobj, &vq->group);
	if (ret) {
		kfree(vq);
		return ret;
	}
	list_add(&vq->node, &instance->counted);
	instance->nr_counted++;
	return 0;
}

/* Waits for the readers of the last directory, which take no lock. */
static void mdev_counters_pop(struct mdev_instance *instance)
{
	struct mdev_vq_attr_dir *vq =
		list_first_entry(&instance->counted, struct mdev_vq_attr_dir,
				 node);

	sysfs_remove_group(&instance->cdev.dev.kobj, &vq->group);
	list_del(&vq->node);
	instance->nr_counted--;
	kfree(vq);
}

/**
 * mdev_counters_update() - have a directory of counters for each virtqueue
 * @instance: the instance; none while it is not added, and if its parent counts
 *	nothing
 *
 * Context: process context.
 * Return: 0, or a negative errno and some are missing; never if there were as many.
 */
int mdev_counters_update(struct mdev_instance *instance)
{
	struct mdev_class_device *cdev = &instance->cdev;
	unsigned int nr = 0;
	int ret = 0;

	lockdep_assert_held(&instance->setup_lock);
	if (instance->added && cdev->ops->get_vq_stats)
		nr = cdev->ops->get_vq_count(cdev);
	while (instance->nr_counted > nr)
		mdev_counters_pop(instance);
	while (!ret && instance->nr_counted < nr)
		ret = mdev_counters_push(instance);
	return ret;
}
