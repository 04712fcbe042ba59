// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: attributes of an instance, beside those of all software network devices.
 */

#include <linux/sysfs.h>

#include "mvnet.h"

static struct mvnet *dev_to_mvnet(struct device *dev)
{
	return to_mvnet(to_mdev_class_device(dev));
}

static ssize_t busy_poll_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(dev_to_mvnet(dev)->busy_poll));
}

static ssize_t busy_poll_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	unsigned int us;
	int ret;

	ret = mdev_class_parse_uint(to_mdev_class_device(dev), "busy_poll", buf,
				    0, MVNET_MAX_BUSY_POLL, &us);
	if (ret)
		return ret;
	WRITE_ONCE(dev_to_mvnet(dev)->busy_poll, us);
	return count;
}
static DEVICE_ATTR_RW(busy_poll);

static struct attribute *mvnet_attrs[] = {
	&dev_attr_busy_poll.attr,
	NULL
};

static const struct attribute_group mvnet_group = {
	.attrs = mvnet_attrs,
};

const struct attribute_group *mvnet_groups[] = {
	&mdev_soft_net_group,
	&mvnet_group,
	NULL
};
