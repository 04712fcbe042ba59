// SPDX-License-Identifier: GPL-2.0-only
/*
 * The char device of an instance, which programs use like one of vhost-vdpa.
 */

#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/kdev_t.h>
#include <linux/mdev_class.h>
#include <linux/mdev_mem.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>

#include "chr.h"
#include "chr_msg.h"
#include "device.h"
#include "ioctl.h"
#include "mem/domain.h"
#include "mmap.h"
#include "path.h"

#define VHOST_MDEV_CHR_MINORS	(MINORMASK + 1)

static char *chrdev_name = "vhost-vdpa-mdev";
module_param(chrdev_name, charp, 0444);
MODULE_PARM_DESC(chrdev_name, "name of the char devices' region in /proc/devices; DPDK wants it to begin with vhost-vdpa (default: vhost-vdpa-mdev)");

static dev_t vhost_mdev_chr_devt;
static DEFINE_IDA(vhost_mdev_chr_ida);

#define dev_to_vhost_mdev_chr(d) container_of(d, struct vhost_mdev_chr, dev)

/* ---- the user's memory ---- */

static void vhost_mdev_chr_forget(struct vhost_mdev_chr *chr)
{
	u32 i;

	lockdep_assert_held(&chr->vd->session.lock);
	chr->in_batch = false;
	if (!chr->mm)
		return;
	for (i = 0; i < chr->nr_as; i++)
		vhost_mem_iotlb_clear(&chr->as[i], chr->mm);
	mmdrop(chr->mm);
	chr->mm = NULL;
}

static void vhost_mdev_chr_set_owner(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	/* For its counter of pinned pages; pairs with mmdrop() above */
	mmgrab(current->mm);
	vd->chr->mm = current->mm;
}

static void vhost_mdev_chr_reset_owner(struct vhost_mdev *vd)
{
	vhost_mdev_chr_forget(vd->chr);
}

static int vhost_mdev_chr_mem_open(struct vhost_mdev *vd)
{
	struct vhost_mem_domain *domain;

	lockdep_assert_held(&vd->session.lock);
	if (!vd->dma_dev)
		return 0;
	/* Pairs with vhost_mem_domain_close() in vhost_mdev_chr_mem_close() */
	domain = vhost_mem_domain_open(&vd->session.cdev->dev, vd->dma_dev);
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	vd->chr->as[0].domain = domain;
	return 0;
}

static void vhost_mdev_chr_mem_close(struct vhost_mdev *vd)
{
	struct vhost_mem_iotlb *as = vd->chr->as;

	vhost_mdev_chr_forget(vd->chr);
	if (as->domain)
		vhost_mem_domain_close(as->domain);
	as->domain = NULL;
}

static u32 vhost_mdev_chr_nr_as(struct vhost_mdev *vd)
{
	return vd->chr->nr_as;
}

static struct mdev_mem *vhost_mdev_chr_mem(struct vhost_mdev *vd, u32 asid)
{
	return &vd->chr->as[asid].mem;
}

static void vhost_mdev_chr_iova_range(struct vhost_mdev *vd, u64 *first,
				      u64 *last)
{
	lockdep_assert_held(&vd->session.lock);
	if (vd->chr->as[0].domain)
		vhost_mem_domain_range(vd->chr->as[0].domain, first, last);
}

static void vhost_mdev_chr_show_mem(struct vhost_mdev *vd, struct seq_file *m)
{
	u32 i;

	for (i = 0; i < vd->chr->nr_as; i++) {
		seq_printf(m, "%saddress space: %u\n", i ? "\n" : "", i);
		vhost_mem_iotlb_show(&vd->chr->as[i], m);
	}
}

static const struct vhost_mdev_path vhost_mdev_chr_path = {
	.name = "char device",
	.mem_way = "with IOTLB messages",
	.features = BIT_ULL(VHOST_MDEV_BACKEND_F_IOTLB_MSG_V2) |
		    BIT_ULL(VHOST_MDEV_BACKEND_F_IOTLB_BATCH) |
		    BIT_ULL(VHOST_MDEV_BACKEND_F_IOTLB_ASID) |
		    BIT_ULL(VHOST_MDEV_BACKEND_F_IOTLB_PERSIST),
	.as_vhost = true,
	.mem_open = vhost_mdev_chr_mem_open,
	.mem_close = vhost_mdev_chr_mem_close,
	.nr_as = vhost_mdev_chr_nr_as,
	.mem = vhost_mdev_chr_mem,
	.iova_range = vhost_mdev_chr_iova_range,
	.set_owner = vhost_mdev_chr_set_owner,
	.reset_owner = vhost_mdev_chr_reset_owner,
	.show_mem = vhost_mdev_chr_show_mem,
};

/* ---- the file ---- */

static int vhost_mdev_chr_open(struct inode *inode, struct file *file)
{
	struct vhost_mdev_chr *chr =
		container_of(inode->i_cdev, struct vhost_mdev_chr, chardev);
	int ret;

	ret = vhost_mdev_open(chr->vd, &vhost_mdev_chr_path);
	if (ret)
		return ret;
	file->private_data = chr;
	return nonseekable_open(inode, file);
}

static int vhost_mdev_chr_release(struct inode *inode, struct file *file)
{
	struct vhost_mdev_chr *chr = file->private_data;

	mdev_session_close(&chr->vd->session);
	return 0;
}

static long vhost_mdev_chr_ioctl(struct file *file, unsigned int cmd,
				 unsigned long arg)
{
	struct vhost_mdev_chr *chr = file->private_data;

	return vhost_mdev_ioctl(chr->vd, cmd, arg);
}

static int vhost_mdev_chr_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct vhost_mdev_chr *chr = file->private_data;

	return vhost_mdev_mmap(chr->vd, vma);
}

/*
 * The only event is that the device is revoked: messages and ioctls are complete
 * when they return.  Until then this returns what poll() reports for a file
 * without this operation, such as that of vhost-vdpa.
 */
static __poll_t vhost_mdev_chr_poll(struct file *file, poll_table *wait)
{
	struct vhost_mdev_chr *chr = file->private_data;

	poll_wait(file, &chr->vd->session.hangup, wait);
	if (READ_ONCE(chr->vd->session.revoked))
		return EPOLLHUP | EPOLLERR;
	return DEFAULT_POLLMASK;
}

static const struct file_operations vhost_mdev_chr_fops = {
	.owner = THIS_MODULE,
	.open = vhost_mdev_chr_open,
	.release = vhost_mdev_chr_release,
	.write_iter = vhost_mdev_chr_write,
	.unlocked_ioctl = vhost_mdev_chr_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vhost_mdev_chr_mmap,
	.poll = vhost_mdev_chr_poll,
};

/* ---- sysfs ---- */

/* The char device and its attributes are removed before the instance is. */
static ssize_t uuid_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct vhost_mdev_chr *chr = dev_to_vhost_mdev_chr(dev);

	return sysfs_emit(buf, "%s\n", dev_name(&chr->vd->session.cdev->dev));
}
static DEVICE_ATTR_RO(uuid);

static ssize_t virtio_device_id_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	struct vhost_mdev *vd = dev_to_vhost_mdev_chr(dev)->vd;
	struct mdev_class_device *cdev = vd->session.cdev;

	return sysfs_emit(buf, "%u\n", cdev->ops->get_device_id(cdev));
}
static DEVICE_ATTR_RO(virtio_device_id);

static struct attribute *vhost_mdev_chr_attrs[] = {
	&dev_attr_uuid.attr,
	&dev_attr_virtio_device_id.attr,
	NULL
};
ATTRIBUTE_GROUPS(vhost_mdev_chr);

/* For udev rules that name links by the UUID */
static int vhost_mdev_chr_uevent(compat_class_uevent_const struct device *dev,
				 struct kobj_uevent_env *env)
{
	const struct vhost_mdev_chr *chr =
		container_of_const(dev, struct vhost_mdev_chr, dev);
	struct mdev_class_device *cdev = chr->vd->session.cdev;
	int ret;

	ret = add_uevent_var(env, "VHOST_MDEV_UUID=%s", dev_name(&cdev->dev));
	if (ret)
		return ret;
	return add_uevent_var(env, "VHOST_MDEV_DEVICE_ID=%u",
			      cdev->ops->get_device_id(cdev));
}

static struct class vhost_mdev_chr_class = {
	.name = "vhost-mdev",
	.dev_groups = vhost_mdev_chr_groups,
	.dev_uevent = vhost_mdev_chr_uevent,
};

/* ---- life ---- */

static void vhost_mdev_chr_dev_release(struct device *dev)
{
	struct vhost_mdev_chr *chr = dev_to_vhost_mdev_chr(dev);
	u32 i;

	for (i = 0; i < chr->nr_as; i++)
		vhost_mem_iotlb_uninit(&chr->as[i]);
	ida_free(&vhost_mdev_chr_ida, MINOR(dev->devt));
	/* Both pair with vhost_mdev_chr_alloc() */
	vhost_mdev_put(chr->vd);
	kfree(chr);
	mdev_users_put(&vhost_mdev_users);
}

static struct vhost_mdev_chr *vhost_mdev_chr_alloc(struct vhost_mdev *vd,
						   u32 nr_as)
{
	struct vhost_mdev_chr *chr;
	int ret, minor;
	u32 i;

	chr = kzalloc(struct_size(chr, as, nr_as), GFP_KERNEL);
	if (!chr)
		return ERR_PTR(-ENOMEM);
	chr->nr_as = nr_as;
	for (i = 0; i < nr_as; i++) {
		ret = vhost_mem_iotlb_init(&chr->as[i], &vd->session.cdev->dev);
		if (ret)
			goto err_as;
	}
	minor = ida_alloc_max(&vhost_mdev_chr_ida, VHOST_MDEV_CHR_MINORS - 1,
			      GFP_KERNEL);
	if (minor < 0) {
		ret = minor;
		goto err_as;
	}

	/* Both pair with vhost_mdev_chr_dev_release() */
	mdev_users_get(&vhost_mdev_users);
	chr->vd = vhost_mdev_get(vd);
	device_initialize(&chr->dev);
	chr->dev.class = &vhost_mdev_chr_class;
	chr->dev.parent = &vd->session.cdev->dev;
	chr->dev.release = vhost_mdev_chr_dev_release;
	chr->dev.devt = MKDEV(MAJOR(vhost_mdev_chr_devt), minor);
	cdev_init(&chr->chardev, &vhost_mdev_chr_fops);
	chr->chardev.owner = THIS_MODULE;
	return chr;

err_as:
	while (i--)
		vhost_mem_iotlb_uninit(&chr->as[i]);
	kfree(chr);
	return ERR_PTR(ret);
}

/**
 * vhost_mdev_chr_add() - make a device a char device
 * @vd: the device
 *
 * A user may already have opened it when this returns.
 *
 * Return: 0 or a negative errno.
 */
int vhost_mdev_chr_add(struct vhost_mdev *vd)
{
	struct vhost_mdev_chr *chr;
	u32 nr_as = 1;
	int ret;

	/*
	 * A user cannot use more address spaces than there are groups.  A device
	 * that does DMA by itself has one.
	 */
	if (vd->session.cdev->ops->set_group_asid && !vd->dma_dev)
		nr_as = vd->nr_groups;
	chr = vhost_mdev_chr_alloc(vd, nr_as);
	if (IS_ERR(chr))
		return PTR_ERR(chr);
	vd->chr = chr;
	ret = dev_set_name(&chr->dev, "vhost-mdev-%d", MINOR(chr->dev.devt));
	if (!ret)
		ret = cdev_device_add(&chr->chardev, &chr->dev);
	if (ret) {
		mdev_class_error(vd->session.cdev, "cannot add a char device: %pe",
				 ERR_PTR(ret));
		put_device(&chr->dev);
	}
	return ret;
}

/**
 * vhost_mdev_chr_hide() - remove the node, so that it can no longer be found
 * @vd: the device
 *
 * An open() that has already begun may still succeed until vhost_mdev_retire().
 */
void vhost_mdev_chr_hide(struct vhost_mdev *vd)
{
	cdev_device_del(&vd->chr->chardev, &vd->chr->dev);
}

/**
 * vhost_mdev_chr_del() - finish undoing vhost_mdev_chr_add()
 * @vd: the device, hidden and retired
 *
 * A file that a user still has open keeps the structure and its reference to @vd.
 */
void vhost_mdev_chr_del(struct vhost_mdev *vd)
{
	/* Pairs with device_initialize() in vhost_mdev_chr_alloc() */
	put_device(&vd->chr->dev);
}

/**
 * vhost_mdev_chr_init() - register a region and a class for char devices
 *
 * Return: 0 or a negative errno.
 */
int vhost_mdev_chr_init(void)
{
	int ret;

	ret = class_register(&vhost_mdev_chr_class);
	if (ret)
		return ret;
	ret = alloc_chrdev_region(&vhost_mdev_chr_devt, 0,
				  VHOST_MDEV_CHR_MINORS, chrdev_name);
	if (ret)
		class_unregister(&vhost_mdev_chr_class);
	return ret;
}

/**
 * vhost_mdev_chr_exit() - undo vhost_mdev_chr_init()
 */
void vhost_mdev_chr_exit(void)
{
	unregister_chrdev_region(vhost_mdev_chr_devt, VHOST_MDEV_CHR_MINORS);
	class_unregister(&vhost_mdev_chr_class);
	ida_destroy(&vhost_mdev_chr_ida);
}
