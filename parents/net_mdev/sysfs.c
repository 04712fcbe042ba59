// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: attributes of an instance, beside those of all network devices in software.
 */

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "net_mdev.h"

static struct net_mdev *dev_to_nm(struct device *dev)
{
	return soft_to_net_mdev(mdev_soft_of(to_mdev_class_device(dev)));
}

static ssize_t ifname_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	ssize_t len;

	/* Whoever renames it holds that. */
	rtnl_lock();
	len = sysfs_emit(buf, "%s\n", dev_to_nm(dev)->dev->name);
	rtnl_unlock();
	return len;
}

static ssize_t ifname_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	size_t len = strcspn(buf, "\n");
	char name[IFNAMSIZ] = {};
	int ret;

	memcpy(name, buf, min(len, sizeof(name) - 1));
	if (len >= sizeof(name) || !dev_valid_name(name)) {
		mdev_class_error(cdev,
				 "ifname %.*s: no name of a network interface: at most %zu characters, no blank, no slash",
				 min_t(int, len, 32), buf, sizeof(name) - 1);
		return -EINVAL;
	}
	ret = net_mdev_rename(dev_to_nm(dev), name);
	if (ret)
		mdev_class_error(cdev, "ifname %s: cannot rename the interface: %pe",
				 name, ERR_PTR(ret));
	return ret ?: count;
}
static DEVICE_ATTR_RW(ifname);

static ssize_t stall_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dev_to_nm(dev)->stall));
}

static ssize_t stall_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	unsigned int ms;
	int ret;

	ret = mdev_class_parse_uint(to_mdev_class_device(dev), "stall", buf, 1,
				    NET_MDEV_MAX_STALL, &ms);
	if (ret)
		return ret;
	WRITE_ONCE(dev_to_nm(dev)->stall, ms);
	return count;
}
static DEVICE_ATTR_RW(stall);

static struct attribute *net_mdev_attrs[] = {
	&dev_attr_ifname.attr,
	&dev_attr_stall.attr,
	NULL
};

static const struct attribute_group net_mdev_group = {
	.attrs = net_mdev_attrs,
};

const struct attribute_group *net_mdev_groups[] = {
	&mdev_soft_net_group,
	&net_mdev_group,
	NULL
};
