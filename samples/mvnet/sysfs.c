// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: attributes of an instance.
 */

#include <linux/etherdevice.h>
#include <linux/hex.h>
#include <linux/sysfs.h>

#include "mvnet.h"

static struct mvnet *dev_to_mvnet(struct device *dev)
{
	return to_mvnet(to_mdev_class_device(dev));
}

static ssize_t mac_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	u8 mac[ETH_ALEN] __aligned(2);

	mvnet_get_mac(dev_to_mvnet(dev), mac);
	return sysfs_emit(buf, "%pM\n", mac);
}

static ssize_t mac_store(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count)
{
	struct mvnet *net = dev_to_mvnet(dev);
	u8 mac[ETH_ALEN] __aligned(2);

	if (!mac_pton(buf, mac) || !is_valid_ether_addr(mac))
		return -EINVAL;
	mvnet_set_mac(net, MVNET_MAC_BY_ADMIN, mac);
	mdev_soft_config_changed(&net->soft);
	return count;
}
static DEVICE_ATTR_RW(mac);

static ssize_t mtu_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dev_to_mvnet(dev)->mtu));
}

static ssize_t mtu_store(struct device *dev, struct device_attribute *attr,
			 const char *buf, size_t count)
{
	unsigned int mtu;
	int ret;

	ret = kstrtouint(buf, 0, &mtu);
	if (ret)
		return ret;
	if (mtu < ETH_MIN_MTU || mtu > MVNET_MAX_MTU)
		return -ERANGE;
	WRITE_ONCE(dev_to_mvnet(dev)->mtu, mtu);
	return count;
}
static DEVICE_ATTR_RW(mtu);

static ssize_t link_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	u16 status = READ_ONCE(dev_to_mvnet(dev)->net_status);

	return sysfs_emit(buf, "%s\n",
			  status & VIRTIO_NET_S_LINK_UP ? "up" : "down");
}

static ssize_t link_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct mvnet *net = dev_to_mvnet(dev);
	bool changed;

	if (sysfs_streq(buf, "up"))
		changed = mvnet_change_net_status(net, 0, VIRTIO_NET_S_LINK_UP);
	else if (sysfs_streq(buf, "down"))
		changed = mvnet_change_net_status(net, VIRTIO_NET_S_LINK_UP, 0);
	else
		return -EINVAL;

	if (changed) {
		mdev_soft_config_changed(&net->soft);
		/* Transmit queues may have waited for the link. */
		mvnet_wake_pairs(net);
	}
	return count;
}
static DEVICE_ATTR_RW(link);

static ssize_t announce_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	u16 status = READ_ONCE(dev_to_mvnet(dev)->net_status);

	return sysfs_emit(buf, "%d\n", !!(status & VIRTIO_NET_S_ANNOUNCE));
}

static ssize_t announce_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	struct mvnet *net = dev_to_mvnet(dev);
	bool announce, changed;
	int ret;

	ret = kstrtobool(buf, &announce);
	if (ret)
		return ret;

	if (announce) {
		/* A driver that did not agree would never acknowledge it. */
		if (!mvnet_has(net, VIRTIO_NET_F_GUEST_ANNOUNCE))
			return -EOPNOTSUPP;
		changed = mvnet_change_net_status(net, 0,
						  VIRTIO_NET_S_ANNOUNCE);
	} else {
		changed = mvnet_change_net_status(net, VIRTIO_NET_S_ANNOUNCE,
						  0);
	}
	if (changed)
		mdev_soft_config_changed(&net->soft);
	return count;
}
static DEVICE_ATTR_RW(announce);

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

	ret = kstrtouint(buf, 0, &us);
	if (ret)
		return ret;
	if (us > MVNET_MAX_BUSY_POLL)
		return -ERANGE;
	WRITE_ONCE(dev_to_mvnet(dev)->busy_poll, us);
	return count;
}
static DEVICE_ATTR_RW(busy_poll);

static ssize_t filtered_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%llu\n", (unsigned long long)
			  atomic64_read(&dev_to_mvnet(dev)->filtered));
}
static DEVICE_ATTR_RO(filtered);

static struct attribute *mvnet_attrs[] = {
	&dev_attr_mac.attr,
	&dev_attr_mtu.attr,
	&dev_attr_link.attr,
	&dev_attr_announce.attr,
	&dev_attr_busy_poll.attr,
	&dev_attr_filtered.attr,
	NULL
};

static const struct attribute_group mvnet_group = {
	.attrs = mvnet_attrs,
};

const struct attribute_group *mvnet_groups[] = {
	&mvnet_group,
	NULL
};
