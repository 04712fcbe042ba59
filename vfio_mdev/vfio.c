// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VFIO device: what a VMM that knows vfio-pci asks of the file.
 */

#include <linux/eventfd.h>
#include <linux/mdev_class.h>
#include <linux/mdev_users.h>
#include <linux/mdev_vfio_device.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/virtio_mdev.h>

#include "bar.h"
#include "device.h"
#include "migration.h"
#include "notify.h"
#include "pci_config.h"
#include "queue.h"
#include "state.h"
#include "vector.h"
#include "vfio.h"
#include "vfio_mdev.h"
#include "window.h"

/*
 * How much of the configuration space is read or written at once, a power of two.
 * Small, because many kernels clear the buffer first, for a kick as well.
 */
#define VFIO_MDEV_CONFIG_PART	64

/* How much of a region one call reads or writes at most */
#define VFIO_MDEV_MAX_ACCESS	SZ_4K

static unsigned int remove_grace = 30;
module_param(remove_grace, uint, 0644);
MODULE_PARM_DESC(remove_grace, "seconds that the user of an instance has to close it when it is removed, before the device is revoked; 0 revokes it at once (default: 30)");

/* VFIO devices */
static DEFINE_MDEV_USERS(vfio_mdev_users);

#define vdev_to_vfio_mdev(v) to_vfio_mdev(to_mdev_vfio_device(v))

/* ---- information ---- */

static int vfio_mdev_get_info(void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};

	if (copy_from_user(&info, argp, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(argp, &info, minsz) ? -EFAULT : 0;
}

static u64 vfio_mdev_region_size(const struct vfio_mdev *fn, u64 index)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return PCI_CFG_SPACE_EXP_SIZE;
	if (index >= VFIO_MDEV_NR_BARS)
		return 0;
	return fn->bars[array_index_nospec(index, VFIO_MDEV_NR_BARS)].size;
}

static int vfio_mdev_region_info(struct vfio_device *vdev,
				 struct vfio_region_info *info,
				 struct vfio_info_cap *caps)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);

	if (READ_ONCE(fn->session.revoked))
		return -ENODEV;
	/* There is no VGA. */
	if (info->index >= VFIO_PCI_VGA_REGION_INDEX)
		return -EINVAL;
	info->offset = vfio_mdev_region_offset(info->index);
	info->size = vfio_mdev_region_size(fn, info->index);
	info->flags = 0;
	if (info->size)
		info->flags = VFIO_REGION_INFO_FLAG_READ |
			      VFIO_REGION_INFO_FLAG_WRITE;
	if (info->index != VFIO_MDEV_BAR_NOTIFY || !vfio_mdev_has_doorbell(fn))
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	return vfio_mdev_doorbell_areas(fn, caps);
}

/* How many interrupts an index has, or -EINVAL if there is no such index */
static int vfio_mdev_irq_count(const struct vfio_mdev *fn, u32 index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
	case VFIO_PCI_MSI_IRQ_INDEX:
		return 0;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return fn->nr_vectors;
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		/* VFIO_PCI_ERR_IRQ_INDEX: QEMU warns of one that has no interrupt. */
		return -EINVAL;
	}
}

static int vfio_mdev_get_irq_info(const struct vfio_mdev *fn, void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;
	int count;

	if (copy_from_user(&info, argp, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	count = vfio_mdev_irq_count(fn, info.index);
	if (count < 0)
		return count;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = count;
	return copy_to_user(argp, &info, minsz) ? -EFAULT : 0;
}

/* ---- interrupts ---- */

static int vfio_mdev_set_eventfds(struct vfio_mdev *fn,
				  const struct vfio_irq_set *set,
				  const s32 *fds)
{
	struct eventfd_ctx **ctxs;
	u32 i;
	int ret = 0;

	ctxs = kvcalloc(set->count, sizeof(*ctxs), GFP_KERNEL_ACCOUNT);
	if (!ctxs)
		return -ENOMEM;
	for (i = 0; i < set->count; i++) {
		if (fds[i] == -1)
			continue;
		/* Pairs with eventfd_ctx_put() in vfio_mdev_vector_set(), or below */
		ctxs[i] = eventfd_ctx_fdget(fds[i]);
		if (IS_ERR(ctxs[i])) {
			ret = PTR_ERR(ctxs[i]);
			ctxs[i] = NULL;
			break;
		}
	}
	/* All of them, or none */
	for (i = 0; i < set->count; i++) {
		if (!ret)
			vfio_mdev_vector_set(fn, set->start + i, ctxs[i]);
		else if (ctxs[i])
			eventfd_ctx_put(ctxs[i]);
	}
	kvfree(ctxs);
	return ret;
}

static int vfio_mdev_set_msix(struct vfio_mdev *fn,
			      const struct vfio_irq_set *set, const void *data)
{
	u32 i;

	switch (set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		if (!set->count)
			vfio_mdev_vectors_close(fn);
		for (i = 0; i < set->count; i++)
			vfio_mdev_vector_test(fn, set->start + i);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		for (i = 0; i < set->count; i++)
			if (((const u8 *)data)[i])
				vfio_mdev_vector_test(fn, set->start + i);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		/* It may have got the file from the process that opened it. */
		mdev_session_set_user(&fn->session);
		return vfio_mdev_set_eventfds(fn, set, data);
	}
	return -EINVAL;
}

static int vfio_mdev_set_irqs(struct vfio_mdev *fn, void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set set;
	size_t size = 0;
	void *data = NULL;
	int count, ret;

	if (copy_from_user(&set, argp, minsz))
		return -EFAULT;
	count = vfio_mdev_irq_count(fn, set.index);
	if (count < 0)
		return count;
	ret = vfio_set_irqs_validate_and_prepare(&set, count, VFIO_PCI_NUM_IRQS,
						 &size);
	if (ret)
		return ret;
	/* A VMM masks and unmasks a vector for its guest by its eventfd. */
	if ((set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) !=
	    VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTTY;
	argp += minsz;
	if (set.index == VFIO_PCI_REQ_IRQ_INDEX)
		return mdev_vfio_device_set_request(&fn->vfio, &set, argp, size);
	if (size) {
		data = vmemdup_user(argp, size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = mdev_session_lock(&fn->session);
	if (!ret) {
		ret = vfio_mdev_set_msix(fn, &set, data);
		mdev_session_unlock(&fn->session);
	}
	kvfree(data);
	return ret;
}

/* ---- other calls ---- */

static int vfio_mdev_ioeventfd(struct vfio_mdev *fn, void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_device_ioeventfd, fd);
	struct vfio_device_ioeventfd set;
	int ret;

	if (copy_from_user(&set, argp, minsz))
		return -EFAULT;
	if (set.argsz < minsz)
		return -EINVAL;
	ret = mdev_session_lock(&fn->session);
	if (ret)
		return ret;
	ret = vfio_mdev_set_ioeventfd(fn, &set);
	mdev_session_unlock(&fn->session);
	return ret;
}

static int vfio_mdev_reset(struct vfio_mdev *fn)
{
	int ret;

	ret = mdev_session_lock(&fn->session);
	if (ret)
		return ret;
	ret = vfio_mdev_reset_function(fn);
	vfio_mdev_migration_reset(fn);
	mdev_session_unlock(&fn->session);
	return ret;
}

static long vfio_mdev_ioctl(struct vfio_device *vdev, unsigned int cmd,
			    unsigned long arg)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);
	void __user *argp = (void __user *)arg;

	/* For the commands below that do not take the lock */
	if (READ_ONCE(fn->session.revoked))
		return -ENODEV;
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return vfio_mdev_get_info(argp);
	case VFIO_DEVICE_GET_REGION_INFO:
		return compat_vfio_get_region_info(vdev, argp,
						   vfio_mdev_region_info);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return vfio_mdev_get_irq_info(fn, argp);
	case VFIO_DEVICE_SET_IRQS:
		return vfio_mdev_set_irqs(fn, argp);
	case VFIO_DEVICE_RESET:
		return vfio_mdev_reset(fn);
	case VFIO_DEVICE_IOEVENTFD:
		return vfio_mdev_ioeventfd(fn, argp);
	default:
		return -ENOTTY;
	}
}

/* ---- reads and writes ---- */

/**
 * struct vfio_mdev_access - part of a read or write
 * @region: which region
 * @offset: where in it
 * @len: how many bytes
 * @data: these
 */
struct vfio_mdev_access {
	u64 region;
	u64 offset;
	unsigned int len;
	u8 data[VFIO_MDEV_CONFIG_PART];
};

/*
 * Take the next part of @count bytes at @pos: for registers as much as a CPU reads or
 * writes at once, naturally aligned.  Parts of the configuration space are cut where
 * the window does not begin, so that only an access to the window alone uses it.
 */
static void vfio_mdev_next_access(struct vfio_mdev_access *access, u64 pos,
				  size_t count)
{
	access->region = pos >> VFIO_MDEV_REGION_SHIFT;
	access->offset = pos - vfio_mdev_region_offset(access->region);
	if (access->region == VFIO_PCI_CONFIG_REGION_INDEX) {
		access->len = VFIO_MDEV_CONFIG_PART -
			      access->offset % VFIO_MDEV_CONFIG_PART;
		access->len = min_t(size_t, access->len, count);
		return;
	}
	access->len = sizeof(u64);
	while (access->len > count || !IS_ALIGNED(access->offset, access->len))
		access->len /= 2;
}

/* After an access to registers: those of a device that is gone are garbage. */
static int vfio_mdev_check_present(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);

	if (cdev->ops->is_present && !cdev->ops->is_present(cdev))
		return -ENODEV;
	return 0;
}

static void vfio_mdev_access_config(struct vfio_mdev *fn,
				    struct vfio_mdev_access *access, bool write)
{
	bool window = vfio_mdev_in_window(access->offset, access->len);

	if (!write) {
		if (window)
			vfio_mdev_window_read(fn);
		vfio_mdev_pci_config_read(fn, access->offset, access->data,
					  access->len);
		return;
	}
	if (vfio_mdev_pci_config_write(fn, access->offset, access->data,
				       access->len))
		vfio_mdev_reset_function(fn);
	else
		vfio_mdev_update(fn);
	if (window)
		vfio_mdev_window_write(fn, access->offset, access->data,
				       access->len);
}

static int vfio_mdev_access_bar(struct vfio_mdev *fn,
				struct vfio_mdev_access *access, bool write)
{
	if (!fn->decoding)
		return -EIO;
	if (write)
		vfio_mdev_bar_write(fn, access->region, access->offset,
				    access->data, access->len);
	else
		vfio_mdev_bar_read(fn, access->region, access->offset,
				   access->data, access->len);
	return vfio_mdev_check_present(fn);
}

/* Without the lock, so that a kick waits for no call. */
static int vfio_mdev_notify_part(struct vfio_mdev *fn,
				 const struct vfio_mdev_access *access)
{
	int ret = 0;

	/* Pairs with synchronize_rcu() in mdev_session_revoke() */
	rcu_read_lock();
	if (READ_ONCE(fn->session.revoked))
		ret = -ENODEV;
	else if (!READ_ONCE(fn->decoding))
		ret = -EIO;
	else
		vfio_mdev_notify(fn, access->offset);
	rcu_read_unlock();
	return ret;
}

static int vfio_mdev_access_part(struct vfio_mdev *fn,
				 struct vfio_mdev_access *access, bool write)
{
	int ret;

	if (write && access->region == VFIO_MDEV_BAR_NOTIFY)
		return vfio_mdev_notify_part(fn, access);
	ret = mdev_session_lock(&fn->session);
	if (ret)
		return ret;
	if (access->region == VFIO_PCI_CONFIG_REGION_INDEX)
		vfio_mdev_access_config(fn, access, write);
	else
		ret = vfio_mdev_access_bar(fn, access, write);
	mdev_session_unlock(&fn->session);
	return ret;
}

/* How much of @count bytes at @pos there is, or -EINVAL */
static ssize_t vfio_mdev_clamp(const struct vfio_mdev *fn, u64 pos,
			       size_t count)
{
	u64 region = pos >> VFIO_MDEV_REGION_SHIFT;
	u64 offset = pos - vfio_mdev_region_offset(region);
	u64 size = vfio_mdev_region_size(fn, region);

	if (offset >= size)
		return -EINVAL;
	return min3((u64)count, size - offset, (u64)VFIO_MDEV_MAX_ACCESS);
}

static ssize_t vfio_mdev_read(struct vfio_device *vdev, char __user *buf,
			      size_t count, loff_t *ppos)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);
	struct vfio_mdev_access access;
	ssize_t size, done;
	int ret;

	size = vfio_mdev_clamp(fn, *ppos, count);
	for (done = 0; done < size; done += access.len) {
		vfio_mdev_next_access(&access, *ppos + done, size - done);
		ret = vfio_mdev_access_part(fn, &access, false);
		if (!ret && copy_to_user(buf + done, access.data, access.len))
			ret = -EFAULT;
		if (ret)
			return ret;
	}
	if (size > 0)
		*ppos += size;
	return size;
}

static ssize_t vfio_mdev_write(struct vfio_device *vdev,
			       const char __user *buf, size_t count,
			       loff_t *ppos)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);
	struct vfio_mdev_access access;
	ssize_t size, done;
	int ret;

	size = vfio_mdev_clamp(fn, *ppos, count);
	for (done = 0; done < size; done += access.len) {
		vfio_mdev_next_access(&access, *ppos + done, size - done);
		if (copy_from_user(access.data, buf + done, access.len))
			return -EFAULT;
		ret = vfio_mdev_access_part(fn, &access, true);
		if (ret)
			return ret;
	}
	if (size > 0)
		*ppos += size;
	return size;
}

/* ---- the file ---- */

static int vfio_mdev_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);
	u64 pos = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 region = pos >> VFIO_MDEV_REGION_SHIFT;

	/* A mapping that is made nevertheless gets no page: faults check again. */
	if (READ_ONCE(fn->session.revoked))
		return -ENODEV;
	if (region != VFIO_MDEV_BAR_NOTIFY)
		return -EINVAL;
	return vfio_mdev_doorbell_mmap(fn,
				       pos - vfio_mdev_region_offset(region),
				       vma);
}

static int vfio_mdev_open_device(struct vfio_device *vdev)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);
	int ret;

	ret = mdev_session_claim(&fn->session, "VFIO device");
	if (ret)
		return ret;
	ret = mdev_session_open(&fn->session);
	if (!ret)
		mdev_vfio_device_opened(&fn->vfio);
	return ret;
}

static void vfio_mdev_close_device(struct vfio_device *vdev)
{
	mdev_vfio_device_close(to_mdev_vfio_device(vdev));
}

static void vfio_mdev_release(struct vfio_device *vdev)
{
	struct vfio_mdev *fn = vdev_to_vfio_mdev(vdev);

	vfio_mdev_identity_uninit(fn);
	vfio_mdev_queues_uninit(fn);
	vfio_mdev_vectors_uninit(fn);
	mdev_session_uninit(&fn->session);
	compat_vfio_free_device(vdev);
	/* Pairs with vfio_mdev_add() */
	mdev_users_put(&vfio_mdev_users);
}

#define VFIO_MDEV_OPS							\
	.name = "vfio_mdev",						\
	.release = vfio_mdev_release,					\
	COMPAT_VFIO_REGION_INFO_OP(vfio_mdev_region_info)		\
	.open_device = vfio_mdev_open_device,				\
	.close_device = vfio_mdev_close_device,				\
	.read = vfio_mdev_read,						\
	.write = vfio_mdev_write,					\
	.ioctl = vfio_mdev_ioctl,					\
	.mmap = vfio_mdev_mmap,						\
	.match = mdev_vfio_device_match

static const struct vfio_device_ops vfio_mdev_soft_ops = {
	VFIO_MDEV_OPS,
	COMPAT_VFIO_IOMMUFD_EMULATED_OPS
	.dma_unmap = mdev_vfio_device_dma_unmap,
};

static const struct vfio_device_ops vfio_mdev_iommu_ops = {
	VFIO_MDEV_OPS,
	COMPAT_VFIO_IOMMUFD_PHYSICAL_OPS
};

/* ---- life ---- */

/* Set all that is constant. */
static int vfio_mdev_init(struct vfio_mdev *fn)
{
	struct mdev_class_device *cdev = vfio_mdev_cdev(fn);
	int ret;

	fn->nvqs = cdev->ops->get_vq_count(cdev);
	/* One more, for changes of the configuration space */
	fn->nr_vectors = min(fn->nvqs + 1, PCI_MSIX_FLAGS_QSIZE + 1);
	fn->config_size = cdev->ops->get_config_size(cdev);
	vfio_mdev_bars_init(fn);
	ret = vfio_mdev_vectors_init(fn);
	if (ret)
		return ret;
	ret = vfio_mdev_queues_init(fn);
	if (ret)
		return ret;
	ret = vfio_mdev_identity_init(fn);
	if (ret)
		return ret;
	vfio_mdev_migration_init(fn);
	return 0;
}

/**
 * vfio_mdev_add() - make an instance a VFIO device
 * @cdev: the instance
 *
 * Return: 0 or a negative errno.
 */
int vfio_mdev_add(struct mdev_class_device *cdev)
{
	struct device *parent;
	struct vfio_mdev *fn;
	int ret;

	parent = mdev_vfio_device_parent_get(cdev);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	fn = vfio_alloc_device(vfio_mdev, vfio.vdev, parent,
			       virtio_mdev_dma_dev(cdev) ?
			       &vfio_mdev_iommu_ops : &vfio_mdev_soft_ops);
	if (IS_ERR(fn)) {
		ret = PTR_ERR(fn);
		goto err_parent;
	}
	/* Pairs with vfio_mdev_release() */
	mdev_users_get(&vfio_mdev_users);
	mdev_session_init(&fn->session, cdev, &vfio_mdev_session_ops,
			  THIS_MODULE);
	dev_set_drvdata(&cdev->dev, fn);
	ret = vfio_mdev_init(fn);
	if (ret)
		goto err_put;
	ret = mdev_vfio_device_add(&fn->vfio, &fn->session, parent);
	if (ret)
		goto err_put;
	return 0;

err_put:
	vfio_put_device(&fn->vfio.vdev);
err_parent:
	mdev_vfio_device_parent_put(cdev, parent);
	return ret;
}

/**
 * vfio_mdev_del() - undo vfio_mdev_add()
 * @cdev: the instance
 *
 * Waits a while for the user to close the device, then revokes it.
 */
void vfio_mdev_del(struct mdev_class_device *cdev)
{
	struct vfio_mdev *fn = dev_get_drvdata(&cdev->dev);

	mdev_session_retire(&fn->session, READ_ONCE(remove_grace));
	mdev_vfio_device_del(&fn->vfio, cdev);
}

/**
 * vfio_mdev_show_mem() - &mdev_class_driver.show_mem
 * @cdev: the instance
 * @m: where to write
 */
void vfio_mdev_show_mem(struct mdev_class_device *cdev, struct seq_file *m)
{
	struct vfio_mdev *fn = dev_get_drvdata(&cdev->dev);

	mdev_vfio_device_show_mem(&fn->vfio, m);
}

/**
 * vfio_mdev_exit() - wait until the last VFIO device is gone
 */
void vfio_mdev_exit(void)
{
	mdev_users_wait(&vfio_mdev_users);
}
