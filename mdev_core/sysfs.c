// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of instances and ports.  docs/ABI describes each file.
 *
 * Whoever removes an mdev holds its device lock while waiting for readers of these
 * files, so none of them may take that lock.  The lock of the instance is free then,
 * but while a class driver is unbound it is held for as long as the user takes: only
 * "bind" waits for it.
 */

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include <linux/virtio_mdev.h>

#include "mdev_core_private.h"

static ssize_t class_id_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%d\n", to_mdev_class_device(dev)->class_id);
}
static DEVICE_ATTR_RO(class_id);

static ssize_t virtio_device_id_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_mdev_class_device(dev)->device_id);
}
static DEVICE_ATTR_RO(virtio_device_id);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "mdev_class:c%02X\n",
			  to_mdev_class_device(dev)->class_id);
}
static DEVICE_ATTR_RO(modalias);

static const char *mdev_instance_state(struct mdev_class_device *cdev)
{
	u8 status;

	if (!READ_ONCE(cdev->dev.driver))
		return "unbound";

	status = cdev->ops->get_status(cdev);
	if (status & VIRTIO_CONFIG_S_FAILED)
		return "failed";
	if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return "broken";
	if (status & VIRTIO_CONFIG_S_DRIVER_OK)
		return "running";
	return status ? "setup" : "idle";
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  mdev_instance_state(to_mdev_class_device(dev)));
}
static DEVICE_ATTR_RO(state);

static ssize_t driver_override_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	ssize_t len;

	spin_lock(&cdev->override_lock);
	len = sysfs_emit(buf, "%s\n", cdev->driver_override ?: "(null)");
	spin_unlock(&cdev->override_lock);
	return len;
}

static ssize_t driver_override_store(struct device *dev,
				     struct device_attribute *attr,
				     const char *buf, size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	char *new, *old;

	/* One byte less than a page, so that the newline still fits on reading */
	if (count >= PAGE_SIZE - 1)
		return -EINVAL;

	new = kstrndup(buf, strcspn(buf, "\n"), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	if (!*new) {
		kfree(new);
		new = NULL;
	}

	spin_lock(&cdev->override_lock);
	old = cdev->driver_override;
	cdev->driver_override = new;
	spin_unlock(&cdev->override_lock);
	kfree(old);
	return count;
}
static DEVICE_ATTR_RW(driver_override);

static ssize_t bind_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	bool bind;
	int ret;

	ret = kstrtobool(buf, &bind);
	if (ret)
		return ret;
	if (!bind)
		return -EINVAL;
	ret = mdev_instance_bind(to_mdev_class_device(dev));
	return ret ?: count;
}
static DEVICE_ATTR_WO(bind);

static struct attribute *mdev_class_dev_attrs[] = {
	&dev_attr_class_id.attr,
	&dev_attr_virtio_device_id.attr,
	&dev_attr_modalias.attr,
	&dev_attr_state.attr,
	&dev_attr_driver_override.attr,
	&dev_attr_bind.attr,
	NULL,
};

static const struct attribute_group mdev_class_dev_group = {
	.attrs = mdev_class_dev_attrs,
};

const struct attribute_group *mdev_class_dev_groups[] = {
	&mdev_class_dev_group,
	NULL,
};

static ssize_t port_class_id_show(struct device *dev,
				  struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", to_mdev_port(dev)->class_id);
}

static struct device_attribute dev_attr_port_class_id =
	__ATTR(class_id, 0444, port_class_id_show, NULL);

static struct attribute *mdev_port_attrs[] = {
	&dev_attr_port_class_id.attr,
	NULL,
};

static const struct attribute_group mdev_port_group = {
	.attrs = mdev_port_attrs,
};

const struct attribute_group *mdev_port_groups[] = {
	&mdev_port_group,
	NULL,
};

/* Counters: vq0/kicks, vq0/signals, … */

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
	struct attribute_group group;
	char name[sizeof("vq65535")];
	struct mdev_vq_attr attrs[MDEV_VQ_NR_COUNTERS];
	struct attribute *ptrs[MDEV_VQ_NR_COUNTERS + 1];
};

/* Groups of an instance in the form that struct device wants */
struct mdev_instance_groups {
	struct mdev_vq_attr_dir *vqs;
	const struct attribute_group *groups[];
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

/**
 * mdev_instance_groups_alloc() - all attributes of one instance
 * @cdev: instance that the parent has created
 *
 * The parent's own groups, and a directory of counters for each virtqueue if
 * the parent counts.
 *
 * Return: groups for &device.groups, or an ERR_PTR().
 */
const struct attribute_group **
mdev_instance_groups_alloc(struct mdev_class_device *cdev)
{
	unsigned int i, n = 0, nvqs = 0;
	struct mdev_instance_groups *g;

	while (cdev->parent_groups && cdev->parent_groups[n])
		n++;
	if (cdev->ops->get_vq_stats)
		nvqs = cdev->ops->get_vq_count(cdev);

	g = kvzalloc(struct_size(g, groups, n + nvqs + 1), GFP_KERNEL);
	if (!g)
		return ERR_PTR(-ENOMEM);
	g->vqs = kvcalloc(nvqs, sizeof(*g->vqs), GFP_KERNEL);
	if (!g->vqs) {
		kvfree(g);
		return ERR_PTR(-ENOMEM);
	}

	for (i = 0; i < n; i++)
		g->groups[i] = cdev->parent_groups[i];
	for (i = 0; i < nvqs; i++) {
		mdev_vq_attr_dir_init(&g->vqs[i], i);
		g->groups[n + i] = &g->vqs[i].group;
	}
	return g->groups;
}

/**
 * mdev_instance_groups_free() - undo mdev_instance_groups_alloc()
 * @groups: its result, or NULL
 */
void mdev_instance_groups_free(const struct attribute_group **groups)
{
	struct mdev_instance_groups *g;

	if (!groups)
		return;
	g = container_of(groups, struct mdev_instance_groups, groups[0]);
	kvfree(g->vqs);
	kvfree(g);
}
