// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attributes of instances and ports.  docs/ABI describes each file.
 *
 * Whoever removes an mdev holds its device lock while waiting for readers of these
 * files, so none of them may take that lock.  The lock of the instance is free then,
 * but while a class driver is unbound it is held for as long as the user takes: only
 * "bind" waits for it.
 */

#include <linux/slab.h>
#include <linux/string.h>
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
	if (count >= PAGE_SIZE - 1) {
		mdev_class_error(cdev, "driver_override: the name is too long");
		return -EINVAL;
	}

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
	/* Whoever chooses a driver may bind it by the files of the bus, too. */
	WRITE_ONCE(cdev->leave_unbound, false);
	return count;
}
static DEVICE_ATTR_RW(driver_override);

static ssize_t bind_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	bool bind = false;
	int ret;

	if (kstrtobool(buf, &bind) || !bind) {
		mdev_class_error(cdev,
				 "bind: write 1; there is \"unbind\" of the driver for the opposite");
		return -EINVAL;
	}
	ret = mdev_instance_bind(cdev);
	return ret ?: count;
}
static DEVICE_ATTR_WO(bind);

static ssize_t last_error_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	return mdev_error_show(&to_mdev_instance(cdev)->error, buf);
}

static ssize_t last_error_store(struct device *dev,
				struct device_attribute *attr,
				const char *buf, size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	/* It can be forgotten, but not made up. */
	if (!sysfs_streq(buf, ""))
		return -EINVAL;
	mdev_error_clear(&to_mdev_instance(cdev)->error);
	return count;
}
static DEVICE_ATTR_RW(last_error);

static ssize_t features_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	return mdev_features_show(cdev, cdev->ops->get_device_features(cdev),
				  buf);
}

static ssize_t features_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	int ret = mdev_features_store(to_mdev_class_device(dev), buf);

	return ret ?: count;
}
static DEVICE_ATTR_RW(features);

static ssize_t driver_features_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	return mdev_features_show(cdev, cdev->ops->get_driver_features(cdev),
				  buf);
}
static DEVICE_ATTR_RO(driver_features);

static ssize_t queue_size_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);

	return sysfs_emit(buf, "%u\n", cdev->ops->get_vq_num_max(cdev, 0));
}

static ssize_t queue_size_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	unsigned int num;
	int ret;

	ret = mdev_class_parse_uint(cdev, "queue_size", buf, 1,
				    VIRTIO_MDEV_MAX_NUM, &num);
	if (ret)
		return ret;
	ret = mdev_class_setup_begin(cdev, "queue_size");
	if (ret)
		return ret;
	ret = cdev->ops->set_vq_num_max(cdev, num);
	mdev_class_setup_end(cdev);
	return ret ?: count;
}
static DEVICE_ATTR_RW(queue_size);

static struct attribute *mdev_class_dev_attrs[] = {
	&dev_attr_class_id.attr,
	&dev_attr_virtio_device_id.attr,
	&dev_attr_modalias.attr,
	&dev_attr_state.attr,
	&dev_attr_driver_override.attr,
	&dev_attr_config.attr,
	&dev_attr_bind.attr,
	&dev_attr_last_error.attr,
	&dev_attr_features.attr,
	&dev_attr_driver_features.attr,
	&dev_attr_queue_size.attr,
	NULL,
};

/* What the parent cannot set up can only be read. */
static umode_t mdev_class_dev_visible(struct kobject *kobj,
				      struct attribute *attr, int n)
{
	const struct virtio_mdev_ops *ops =
		to_mdev_class_device(kobj_to_dev(kobj))->ops;

	if (attr == &dev_attr_features.attr && !ops->set_device_features)
		return 0444;
	if (attr == &dev_attr_queue_size.attr && !ops->set_vq_num_max)
		return 0444;
	return attr->mode;
}

static const struct attribute_group mdev_class_dev_group = {
	.attrs = mdev_class_dev_attrs,
	.is_visible = mdev_class_dev_visible,
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

static ssize_t port_last_error_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return mdev_error_show(&to_mdev_port(dev)->error, buf);
}

static ssize_t port_last_error_store(struct device *dev,
				     struct device_attribute *attr,
				     const char *buf, size_t count)
{
	if (!sysfs_streq(buf, ""))
		return -EINVAL;
	mdev_error_clear(&to_mdev_port(dev)->error);
	return count;
}

static struct device_attribute dev_attr_port_last_error =
	__ATTR(last_error, 0644, port_last_error_show, port_last_error_store);

static ssize_t leave_unbound_store(struct device *dev,
				   struct device_attribute *attr,
				   const char *buf, size_t count)
{
	int ret = mdev_unbound_write(&to_mdev_port(dev)->unbound, buf);

	return ret ?: count;
}
static DEVICE_ATTR_WO(leave_unbound);

static struct attribute *mdev_port_attrs[] = {
	&dev_attr_port_class_id.attr,
	&dev_attr_leave_unbound.attr,
	&dev_attr_port_last_error.attr,
	NULL,
};

static const struct attribute_group mdev_port_group = {
	.attrs = mdev_port_attrs,
};

const struct attribute_group *mdev_port_groups[] = {
	&mdev_port_group,
	NULL,
};
