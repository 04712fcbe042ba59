// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VFIO device of an instance: group, container, device fd.
 */

#include <linux/mdev_class.h>
#include <linux/mdev_vfio_device.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>

#include "device.h"
#include "ioctl.h"
#include "mmap.h"
#include "path.h"
#include "status.h"
#include "vfio.h"

/**
 * struct vhost_mdev_vfio - an instance as a VFIO device
 * @dev: what all VFIO devices of instances have; its reference count keeps the
 *	whole structure
 * @vd: for the ioctls; a reference
 */
struct vhost_mdev_vfio {
	struct mdev_vfio_device dev;
	struct vhost_mdev *vd;
};

#define to_vhost_mdev_vfio(v) \
	container_of(v, struct vhost_mdev_vfio, dev.vdev)

/* ---- the memory of the container ---- */

static int vhost_mdev_vfio_mem_open(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	mdev_vfio_device_mem_open(&vd->vfio->dev);
	return 0;
}

static void vhost_mdev_vfio_mem_close(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	mdev_vfio_device_mem_close(&vd->vfio->dev);
}

static struct mdev_mem *vhost_mdev_vfio_mem(struct vhost_mdev *vd, u32 asid)
{
	return mdev_vfio_device_mem(&vd->vfio->dev);
}

static void vhost_mdev_vfio_show_mem(struct vhost_mdev *vd, struct seq_file *m)
{
	mdev_vfio_device_show_mem(&vd->vfio->dev, m);
}

static void vhost_mdev_vfio_mem_reset(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	mdev_vfio_device_copy_end(&vd->vfio->dev, MDEV_VFIO_COPY_MIGRATION);
	mdev_vfio_device_mem_drop(&vd->vfio->dev);
}

/* A page counts as written as long as it is pinned, so have none but those of rings. */
static int vhost_mdev_vfio_log(struct vhost_mdev *vd, bool on)
{
	lockdep_assert_held(&vd->session.lock);
	if (on)
		return mdev_vfio_device_copy_begin(&vd->vfio->dev,
						   MDEV_VFIO_COPY_MIGRATION);
	mdev_vfio_device_copy_end(&vd->vfio->dev, MDEV_VFIO_COPY_MIGRATION);
	return 0;
}

static const char *vhost_mdev_vfio_migration_blocker(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	return mdev_vfio_device_migration_blocker(vd->session.cdev);
}

/* ---- the path ---- */

static bool vhost_mdev_vfio_ask(struct vhost_mdev *vd)
{
	return mdev_vfio_device_ask(&vd->vfio->dev);
}

static const struct vhost_mdev_path vhost_mdev_vfio_path = {
	.name = "VFIO device",
	.mem_way = MDEV_VFIO_MEM_WAY,
	.mem_open = vhost_mdev_vfio_mem_open,
	.mem_close = vhost_mdev_vfio_mem_close,
	.mem = vhost_mdev_vfio_mem,
	.mem_reset = vhost_mdev_vfio_mem_reset,
	.show_mem = vhost_mdev_vfio_show_mem,
	.log = vhost_mdev_vfio_log,
	.migration_blocker = vhost_mdev_vfio_migration_blocker,
	.ask = vhost_mdev_vfio_ask,
};

/* ---- the request eventfd ---- */

static int vhost_mdev_vfio_set_irqs(struct vhost_mdev_vfio *vv,
				    void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set hdr;
	size_t data_size = 0;
	int ret;

	if (copy_from_user(&hdr, argp, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&hdr, 1, VHOST_MDEV_NUM_IRQS,
						 &data_size);
	if (ret)
		return ret;
	return mdev_vfio_device_set_request(&vv->dev, &hdr, argp + minsz,
					    data_size);
}

/* ---- information ---- */

static int vhost_mdev_vfio_get_info(struct vhost_mdev_vfio *vv,
				    void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct mdev_class_device *cdev;
	struct {
		struct vfio_device_info info;
		struct vhost_mdev_device_info_cap cap __aligned(8);
	} reply = {};
	u32 argsz;
	int ret;

	if (get_user(argsz, (u32 __user *)argp))
		return -EFAULT;
	if (argsz < minsz)
		return -EINVAL;

	ret = mdev_session_lock(&vv->vd->session);
	if (ret)
		return ret;
	cdev = vv->vd->session.cdev;
	reply.info.argsz = sizeof(reply);
	reply.info.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_CAPS;
	reply.info.num_regions = VHOST_MDEV_NUM_REGIONS;
	reply.info.num_irqs = VHOST_MDEV_NUM_IRQS;
	if (argsz < sizeof(reply)) {
		/* Leave the capability out, but report the size it needs. */
		minsz = min_t(size_t, argsz, sizeof(reply.info));
	} else {
		minsz = sizeof(reply);
		reply.info.argsz = argsz;
		reply.info.cap_offset = offsetof(typeof(reply), cap);
		reply.cap.id = VHOST_MDEV_DEVICE_INFO_CAP;
		reply.cap.version = VHOST_MDEV_DEVICE_INFO_CAP_VERSION;
		reply.cap.device_id = cdev->ops->get_device_id(cdev);
		reply.cap.vendor_id = cdev->ops->get_vendor_id(cdev);
		reply.cap.vq_count = vv->vd->nvqs;
		reply.cap.config_size = cdev->ops->get_config_size(cdev);
	}
	mdev_session_unlock(&vv->vd->session);
	return copy_to_user(argp, &reply, minsz) ? -EFAULT : 0;
}

static int vhost_mdev_vfio_region_info(struct vfio_device *vdev,
				       struct vfio_region_info *info,
				       struct vfio_info_cap *caps)
{
	struct vhost_mdev_vfio *vv = to_vhost_mdev_vfio(vdev);

	if (READ_ONCE(vv->vd->session.revoked))
		return -ENODEV;
	if (info->index >= VHOST_MDEV_NUM_REGIONS)
		return -EINVAL;
	info->offset = 0;
	info->size = 0;
	info->flags = 0;
	if (vhost_mdev_has_doorbell(vv->vd)) {
		info->size = (u64)vv->vd->nvqs << PAGE_SHIFT;
		info->flags = VFIO_REGION_INFO_FLAG_WRITE |
			      VFIO_REGION_INFO_FLAG_MMAP;
	}
	return 0;
}

static int vhost_mdev_vfio_get_irq_info(void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, argp, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VHOST_MDEV_NUM_IRQS)
		return -EINVAL;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = 1;
	return copy_to_user(argp, &info, minsz) ? -EFAULT : 0;
}

static int vhost_mdev_vfio_reset(struct vhost_mdev_vfio *vv)
{
	int ret;

	ret = mdev_session_lock(&vv->vd->session);
	if (ret)
		return ret;
	ret = vhost_mdev_reset(vv->vd);
	mdev_session_unlock(&vv->vd->session);
	return ret;
}

/* ---- the file ---- */

static long vhost_mdev_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd,
				  unsigned long arg)
{
	struct vhost_mdev_vfio *vv = to_vhost_mdev_vfio(vdev);
	void __user *argp = (void __user *)arg;

	/* For the commands below that do not take the lock */
	if (READ_ONCE(vv->vd->session.revoked))
		return -ENODEV;
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return vhost_mdev_vfio_get_info(vv, argp);
	case VFIO_DEVICE_GET_REGION_INFO:
		return compat_vfio_get_region_info(vdev, argp,
						   vhost_mdev_vfio_region_info);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return vhost_mdev_vfio_get_irq_info(argp);
	case VFIO_DEVICE_SET_IRQS:
		return vhost_mdev_vfio_set_irqs(vv, argp);
	case VFIO_DEVICE_RESET:
		return vhost_mdev_vfio_reset(vv);
	}
	return vhost_mdev_ioctl(vv->vd, cmd, arg);
}

/* A doorbell for users that cannot map it; it takes the same values. */
static ssize_t vhost_mdev_vfio_write(struct vfio_device *vdev,
				     const char __user *buf, size_t count,
				     loff_t *ppos)
{
	struct vhost_mdev_vfio *vv = to_vhost_mdev_vfio(vdev);
	u64 page = (u64)*ppos >> PAGE_SHIFT;
	struct mdev_class_device *cdev;
	bool revoked;
	__le16 val;
	u32 idx;

	if (count != sizeof(val) || !PAGE_ALIGNED(*ppos) || *ppos < 0 ||
	    page >= vv->vd->nvqs || !vhost_mdev_has_doorbell(vv->vd))
		return -EINVAL;
	if (copy_from_user(&val, buf, sizeof(val)))
		return -EFAULT;
	if (le16_to_cpu(val) != page)
		return -EINVAL;

	idx = array_index_nospec((u32)page, vv->vd->nvqs);
	/*
	 * Without the lock, so that a kick waits for no ioctl.  Pairs with
	 * synchronize_rcu() in mdev_session_revoke().
	 */
	rcu_read_lock();
	revoked = READ_ONCE(vv->vd->session.revoked);
	if (!revoked) {
		cdev = vv->vd->session.cdev;
		cdev->ops->kick_vq(cdev, idx);
	}
	rcu_read_unlock();
	if (revoked)
		return -ENODEV;
	*ppos += sizeof(val);
	return sizeof(val);
}

static int vhost_mdev_vfio_mmap(struct vfio_device *vdev,
				struct vm_area_struct *vma)
{
	return vhost_mdev_mmap(to_vhost_mdev_vfio(vdev)->vd, vma);
}

static int vhost_mdev_vfio_open_device(struct vfio_device *vdev)
{
	struct vhost_mdev_vfio *vv = to_vhost_mdev_vfio(vdev);
	int ret;

	ret = vhost_mdev_open(vv->vd, &vhost_mdev_vfio_path);
	if (!ret)
		mdev_vfio_device_opened(&vv->dev);
	return ret;
}

static void vhost_mdev_vfio_close_device(struct vfio_device *vdev)
{
	mdev_vfio_device_close(&to_vhost_mdev_vfio(vdev)->dev);
}

static void vhost_mdev_vfio_release(struct vfio_device *vdev)
{
	struct vhost_mdev *vd = to_vhost_mdev_vfio(vdev)->vd;

	compat_vfio_free_device(vdev);
	/* Both pair with vhost_mdev_vfio_add() */
	vhost_mdev_put(vd);
	mdev_users_put(&vhost_mdev_users);
}

#define VHOST_MDEV_VFIO_OPS						\
	.name = "vhost_mdev",						\
	.release = vhost_mdev_vfio_release,				\
	COMPAT_VFIO_REGION_INFO_OP(vhost_mdev_vfio_region_info)		\
	.open_device = vhost_mdev_vfio_open_device,			\
	.close_device = vhost_mdev_vfio_close_device,			\
	.write = vhost_mdev_vfio_write,					\
	.ioctl = vhost_mdev_vfio_ioctl,					\
	.mmap = vhost_mdev_vfio_mmap,					\
	.match = mdev_vfio_device_match

static const struct vfio_device_ops vhost_mdev_vfio_ops = {
	VHOST_MDEV_VFIO_OPS,
	COMPAT_VFIO_IOMMUFD_EMULATED_OPS
	.dma_unmap = mdev_vfio_device_dma_unmap,
};

static const struct vfio_device_ops vhost_mdev_iommu_ops = {
	VHOST_MDEV_VFIO_OPS,
	COMPAT_VFIO_IOMMUFD_PHYSICAL_OPS
};

/* ---- sysfs ---- */

/**
 * vhost_mdev_vfio_show_copying() - show the attribute copy_mode
 * @vd: the device
 * @buf: as of a sysfs file
 *
 * Return: the length of the text.
 */
ssize_t vhost_mdev_vfio_show_copying(struct vhost_mdev *vd, char *buf)
{
	return mdev_vfio_device_show_copying(&vd->vfio->dev, buf);
}

/* ---- life ---- */

/**
 * vhost_mdev_vfio_add() - make a device a VFIO device
 * @vd: the device
 *
 * Return: 0 or a negative errno.
 */
int vhost_mdev_vfio_add(struct vhost_mdev *vd)
{
	struct mdev_class_device *cdev = vd->session.cdev;
	struct vhost_mdev_vfio *vv;
	struct device *parent;
	int ret;

	parent = mdev_vfio_device_parent_get(cdev);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	vv = vfio_alloc_device(vhost_mdev_vfio, dev.vdev, parent,
			       vd->dma_dev ? &vhost_mdev_iommu_ops :
					     &vhost_mdev_vfio_ops);
	if (IS_ERR(vv)) {
		ret = PTR_ERR(vv);
		goto err_parent;
	}
	/* Both pair with vhost_mdev_vfio_release() */
	mdev_users_get(&vhost_mdev_users);
	vv->vd = vhost_mdev_get(vd);
	vd->vfio = vv;
	ret = mdev_vfio_device_add(&vv->dev, &vd->session, parent);
	if (ret)
		goto err_put;
	return 0;

err_put:
	vfio_put_device(&vv->dev.vdev);
err_parent:
	mdev_vfio_device_parent_put(cdev, parent);
	return ret;
}

/**
 * vhost_mdev_vfio_del() - undo vhost_mdev_vfio_add()
 * @vd: the device, retired
 * @cdev: the instance
 */
void vhost_mdev_vfio_del(struct vhost_mdev *vd, struct mdev_class_device *cdev)
{
	mdev_vfio_device_del(&vd->vfio->dev, cdev);
}
