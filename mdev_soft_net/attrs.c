// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software network devices: attributes of an instance.
 */

#include <linux/etherdevice.h>
#include <linux/err.h>
#include <linux/hex.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "soft_net.h"

static struct mdev_soft_net *dev_to_net(struct device *dev)
{
	return mdev_soft_net_of(to_mdev_class_device(dev));
}

static ssize_t mac_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	u8 mac[ETH_ALEN] __aligned(2);

	mdev_soft_net_get_mac(dev_to_net(dev), mac);
	return sysfs_emit(buf, "%pM\n", mac);
}

static ssize_t mac_store(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count)
{
	struct mdev_soft_net *net = dev_to_net(dev);
	u8 mac[ETH_ALEN] __aligned(2);

	if (!mac_pton(buf, mac) || !is_valid_ether_addr(mac)) {
		mdev_class_error(net->soft.cdev,
				 "mac %.*s: not the address of one station, such as 02:00:00:00:00:01",
				 min_t(int, strcspn(buf, "\n"), 32), buf);
		return -EINVAL;
	}
	mdev_soft_net_set_mac(net, MDEV_SOFT_NET_MAC_BY_ADMIN, mac);
	mdev_soft_config_changed(&net->soft);
	return count;
}
static DEVICE_ATTR_RW(mac);

static ssize_t mtu_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dev_to_net(dev)->mtu));
}

static ssize_t mtu_store(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count)
{
	struct mdev_soft_net *net = dev_to_net(dev);
	unsigned int mtu;
	int ret;

	ret = mdev_class_parse_uint(net->soft.cdev, "mtu", buf, ETH_MIN_MTU,
				    net->max_mtu, &mtu);
	if (ret)
		return ret;
	if (net->ops->set_mtu)
		ret = net->ops->set_mtu(net, mtu);
	else
		mdev_soft_net_set_mtu(net, mtu);
	if (ret)
		mdev_class_error(net->soft.cdev, "mtu %u: %pe", mtu,
				 ERR_PTR(ret));
	return ret ?: count;
}
static DEVICE_ATTR_RW(mtu);

static ssize_t max_pairs_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dev_to_net(dev)->max_pairs));
}

static ssize_t max_pairs_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	struct mdev_soft_net *net = dev_to_net(dev);
	unsigned int pairs;
	int ret;

	ret = mdev_class_parse_uint(cdev, "max_pairs", buf, 1, net->all_pairs,
				    &pairs);
	if (ret)
		return ret;
	ret = mdev_class_setup_begin(cdev, "max_pairs");
	if (ret)
		return ret;
	ret = soft_net_set_pairs(net, pairs);
	mdev_class_setup_end(cdev);
	return ret ?: count;
}
static DEVICE_ATTR_RW(max_pairs);

static ssize_t link_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	unsigned int down = READ_ONCE(dev_to_net(dev)->link_down);

	return sysfs_emit(buf, "%s\n",
			  down & BIT(MDEV_SOFT_NET_LINK_ADMIN) ? "down" : "up");
}

static ssize_t link_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct mdev_soft_net *net = dev_to_net(dev);
	bool up = sysfs_streq(buf, "up");

	if (!up && !sysfs_streq(buf, "down")) {
		mdev_class_error(net->soft.cdev, "link: up or down");
		return -EINVAL;
	}
	mdev_soft_net_set_link(net, MDEV_SOFT_NET_LINK_ADMIN, up);
	return count;
}
static DEVICE_ATTR_RW(link);

static ssize_t announce_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	u16 status = READ_ONCE(dev_to_net(dev)->status);

	return sysfs_emit(buf, "%d\n", !!(status & VIRTIO_NET_S_ANNOUNCE));
}

static ssize_t announce_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	struct mdev_soft_net *net = dev_to_net(dev);
	bool announce, changed;
	int ret;

	ret = mdev_class_parse_bool(net->soft.cdev, "announce", buf, &announce);
	if (ret)
		return ret;

	if (announce) {
		/* A driver that did not agree would never acknowledge it. */
		if (!mdev_soft_net_has(net, VIRTIO_NET_F_GUEST_ANNOUNCE)) {
			mdev_class_error(net->soft.cdev,
					 "announce: there is no driver that has taken GUEST_ANNOUNCE");
			return -EOPNOTSUPP;
		}
		changed = mdev_soft_net_change_status(net, 0,
						      VIRTIO_NET_S_ANNOUNCE);
	} else {
		changed = mdev_soft_net_change_status(net,
						      VIRTIO_NET_S_ANNOUNCE, 0);
	}
	if (changed)
		mdev_soft_config_changed(&net->soft);
	return count;
}
static DEVICE_ATTR_RW(announce);

static ssize_t filtered_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%llu\n", (unsigned long long)
			  atomic64_read(&dev_to_net(dev)->filtered));
}
static DEVICE_ATTR_RO(filtered);

static struct attribute *soft_net_attrs[] = {
	&dev_attr_mac.attr,
	&dev_attr_mtu.attr,
	&dev_attr_max_pairs.attr,
	&dev_attr_link.attr,
	&dev_attr_announce.attr,
	&dev_attr_filtered.attr,
	NULL
};

/*
 * mdev_soft_net_group - attributes that all software network devices have, for
 * mdev_class_set_groups()
 */
const struct attribute_group mdev_soft_net_group = {
	.attrs = soft_net_attrs,
};
EXPORT_SYMBOL_GPL(mdev_soft_net_group);
