// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvblk: attributes of an instance.
 */

#include <linux/ctype.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mvblk.h"

static struct mvblk *dev_to_mvblk(struct device *dev)
{
	return to_mvblk(to_mdev_class_device(dev));
}

static ssize_t size_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	u64 sectors = atomic64_read(&dev_to_mvblk(dev)->capacity);

	return sysfs_emit(buf, "%llu\n", sectors << MVBLK_SECTOR_SHIFT);
}

static ssize_t size_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	struct mvblk *blk = dev_to_mvblk(dev);
	unsigned long long bytes;
	char *end;
	int ret;

	if (!mvblk_in_ram(blk)) {
		mdev_class_error(cdev, "size: it is that of the file, and cannot be changed here");
		return -EOPNOTSUPP;
	}
	bytes = isdigit(*buf) ? memparse(buf, &end) : 0;
	if (!bytes || !sysfs_streq(end, "") || bytes % MVBLK_SECTOR ||
	    bytes > MAX_LFS_FILESIZE) {
		mdev_class_error(cdev,
				 "size %.*s: a multiple of %u bytes, with K, M, G or T behind it if wanted",
				 min_t(int, strcspn(buf, "\n"), 32), buf,
				 MVBLK_SECTOR);
		return -EINVAL;
	}

	mutex_lock(&blk->medium_lock);
	ret = mvblk_ram_resize(blk, bytes);
	mutex_unlock(&blk->medium_lock);
	if (ret == -EBUSY)
		mdev_class_error(cdev,
				 "size: a driver uses the device, which can only become larger until it is reset");
	if (ret)
		return ret;
	mdev_soft_config_changed(&blk->soft);
	return count;
}
static DEVICE_ATTR_RW(size);

static ssize_t allocated_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	unsigned long pages = atomic_long_read(&dev_to_mvblk(dev)->nr_pages);

	return sysfs_emit(buf, "%llu\n", (u64)pages << PAGE_SHIFT);
}
static DEVICE_ATTR_RO(allocated);

static ssize_t backing_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct mvblk *blk = dev_to_mvblk(dev);
	ssize_t len;

	mutex_lock(&blk->medium_lock);
	len = sysfs_emit(buf, "%s\n", blk->backing ? blk->backing->path : "");
	mutex_unlock(&blk->medium_lock);
	return len;
}

static ssize_t backing_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	struct mvblk *blk = dev_to_mvblk(dev);
	char *path;
	int ret;

	/* Up to the end of the line: a name may have blanks. */
	path = kstrndup(buf, strcspn(buf, "\n"), GFP_KERNEL);
	if (!path)
		return -ENOMEM;

	if (*path)
		ret = mvblk_file_attach(blk, path);
	else
		ret = mvblk_file_detach(blk);
	kfree(path);
	if (ret)
		return ret;
	mdev_soft_config_changed(&blk->soft);
	return count;
}
static DEVICE_ATTR_RW(backing);

static ssize_t shared_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(dev_to_mvblk(dev)->shared));
}

static ssize_t shared_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct mvblk *blk = dev_to_mvblk(dev);
	bool shared;
	int ret;

	ret = mdev_class_parse_bool(blk->soft.cdev, "shared", buf, &shared);
	if (ret)
		return ret;
	mutex_lock(&blk->medium_lock);
	/* Others may have been let in, or kept out, by what it was. */
	if (blk->backing)
		ret = -EBUSY;
	else
		WRITE_ONCE(blk->shared, shared);
	mutex_unlock(&blk->medium_lock);
	if (ret)
		mdev_class_error(blk->soft.cdev,
				 "shared: there is a backing already: this comes before it");
	return ret ?: count;
}
static DEVICE_ATTR_RW(shared);

static ssize_t direct_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(dev_to_mvblk(dev)->direct));
}

static ssize_t direct_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct mvblk *blk = dev_to_mvblk(dev);
	bool direct;
	int ret;

	ret = mdev_class_parse_bool(blk->soft.cdev, "direct", buf, &direct);
	if (ret)
		return ret;
	mutex_lock(&blk->medium_lock);
	if (blk->active)
		ret = -EBUSY;
	else
		WRITE_ONCE(blk->direct, direct);
	mutex_unlock(&blk->medium_lock);
	if (ret)
		mdev_class_error(blk->soft.cdev,
				 "direct: a driver uses the device: unbind it, or have its user close it, first");
	return ret ?: count;
}
static DEVICE_ATTR_RW(direct);

static ssize_t serial_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	char serial[VIRTIO_BLK_ID_BYTES];

	mvblk_get_serial(dev_to_mvblk(dev), serial);
	return sysfs_emit(buf, "%.*s\n", VIRTIO_BLK_ID_BYTES, serial);
}

static ssize_t serial_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	size_t len = strcspn(buf, "\n"), i;
	bool good = len <= VIRTIO_BLK_ID_BYTES;

	/* udev makes a file name of it. */
	for (i = 0; good && i < len; i++)
		good = isascii(buf[i]) && isgraph(buf[i]);
	if (!good) {
		mdev_class_error(to_mdev_class_device(dev),
				 "serial %.*s: at most %u printable characters, no blanks",
				 min_t(int, len, 32), buf, VIRTIO_BLK_ID_BYTES);
		return -EINVAL;
	}
	mvblk_set_serial(dev_to_mvblk(dev), buf, len);
	return count;
}
static DEVICE_ATTR_RW(serial);

static ssize_t read_only_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  READ_ONCE(dev_to_mvblk(dev)->read_only));
}

/* A file is opened for what it was then. */
static int mvblk_set_read_only(struct mvblk *blk, bool read_only)
{
	int ret = 0;

	mutex_lock(&blk->medium_lock);
	if (blk->backing) {
		mdev_class_error(blk->soft.cdev,
				 "read_only: there is a backing already: this comes before it");
		ret = -EBUSY;
	} else {
		WRITE_ONCE(blk->read_only, read_only);
		mvblk_limit_features(blk);
	}
	mutex_unlock(&blk->medium_lock);
	return ret;
}

static ssize_t read_only_store(struct device *dev,
			       struct device_attribute *attr, const char *buf,
			       size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	bool read_only;
	int ret;

	ret = mdev_class_parse_bool(cdev, "read_only", buf, &read_only);
	if (ret)
		return ret;
	ret = mdev_class_setup_begin(cdev, "read_only");
	if (ret)
		return ret;
	ret = mvblk_set_read_only(dev_to_mvblk(dev), read_only);
	mdev_class_setup_end(cdev);
	return ret ?: count;
}
static DEVICE_ATTR_RW(read_only);

static ssize_t queues_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(dev_to_mvblk(dev)->soft.nr_vqs));
}

static ssize_t queues_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct mdev_class_device *cdev = to_mdev_class_device(dev);
	unsigned int queues;
	int ret;

	ret = mdev_class_parse_uint(cdev, "queues", buf, 1, MVBLK_MAX_QUEUES,
				    &queues);
	if (ret)
		return ret;
	ret = mdev_class_setup_begin(cdev, "queues");
	if (ret)
		return ret;
	ret = mdev_soft_set_nr_vqs(&dev_to_mvblk(dev)->soft, queues);
	mdev_class_setup_end(cdev);
	return ret ?: count;
}
static DEVICE_ATTR_RW(queues);

static ssize_t stat_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return mvblk_stat_show(dev_to_mvblk(dev), buf);
}
static DEVICE_ATTR_RO(stat);

static struct attribute *mvblk_attrs[] = {
	&dev_attr_size.attr,
	&dev_attr_allocated.attr,
	&dev_attr_backing.attr,
	&dev_attr_shared.attr,
	&dev_attr_direct.attr,
	&dev_attr_serial.attr,
	&dev_attr_read_only.attr,
	&dev_attr_queues.attr,
	&dev_attr_stat.attr,
	NULL
};

/* Each attribute only for devices that it applies to */
static umode_t mvblk_attr_visible(struct kobject *kobj, struct attribute *attr,
				  int n)
{
	bool in_ram = mvblk_in_ram(dev_to_mvblk(kobj_to_dev(kobj)));

	if (attr == &dev_attr_allocated.attr && !in_ram)
		return 0;
	if (in_ram && (attr == &dev_attr_backing.attr ||
		       attr == &dev_attr_shared.attr ||
		       attr == &dev_attr_direct.attr ||
		       attr == &dev_attr_stat.attr))
		return 0;
	return attr->mode;
}

static const struct attribute_group mvblk_group = {
	.attrs = mvblk_attrs,
	.is_visible = mvblk_attr_visible,
};

const struct attribute_group *mvblk_groups[] = {
	&mvblk_group,
	NULL
};
