// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VFIO device of an instance: group, container, device fd.
 */

#include <linux/eventfd.h>
#include <linux/mdev.h>
#include <linux/mdev_class.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_vfio.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>
#include <linux/workqueue.h>

#include "carrier.h"
#include "device.h"
#include "ioctl.h"
#include "mmap.h"
#include "path.h"
#include "status.h"
#include "vfio.h"

/* How long a remover waits for vfio if no user has the device open */
#define VHOST_MDEV_VFIO_TIMEOUT	(10 * HZ)

/**
 * struct vhost_mdev_vfio - an instance as a VFIO device
 * @vdev: for vfio; its reference count keeps the whole structure
 * @vd: for the ioctls; a reference
 * @carrier: the parent of @vdev, NULL if its parent is the device that does the DMA
 * @parent: the parent of the instance; once the instance is removed, kept until
 *	@vdev is unregistered, if @carrier is NULL
 * @end: waits until the last file is closed, unregisters @vdev and then releases
 *	what it depended on
 * @ended: completed by @end
 * @mem: the container's memory, if the device has no DMA of its own
 * @open: a user has the device fd
 * @request_lock: guards @request_ctx.  A lock of its own, because a remover needs
 *	it while an ioctl may be waiting with &mdev_session.lock held.
 * @request_ctx: eventfd that asks the user to close the device, or NULL
 */
struct vhost_mdev_vfio {
	struct vfio_device vdev;
	struct vhost_mdev *vd;
	struct device *carrier;
	struct mdev_class_parent *parent;
	struct work_struct end;
	struct completion ended;
	struct mdev_vfio_mem mem;
	bool open;
	/* guards request_ctx */
	spinlock_t request_lock;
	struct eventfd_ctx *request_ctx;
};

/*
 * VFIO's unregistering waits for the last file to be closed, however long that
 * takes.  It may do so here: only the module's exit waits for this workqueue
 * without a limit, and no file is open then.
 */
static struct workqueue_struct *vhost_mdev_vfio_wq;

#define to_vhost_mdev_vfio(v) container_of(v, struct vhost_mdev_vfio, vdev)

/* ---- the memory of the container ---- */

#define VHOST_MDEV_VFIO_MEM_WAY \
	"through the container or iommufd, with VFIO_IOMMU_MAP_DMA or IOMMU_IOAS_MAP"

static int vhost_mdev_vfio_mem_open(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	mdev_vfio_mem_open(&vd->vfio->mem);
	return 0;
}

static void vhost_mdev_vfio_mem_close(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	mdev_vfio_mem_close(&vd->vfio->mem);
}

static struct mdev_mem *vhost_mdev_vfio_mem(struct vhost_mdev *vd, u32 asid)
{
	return &vd->vfio->mem.mem;
}

static void vhost_mdev_vfio_mem_reset(struct vhost_mdev *vd)
{
	lockdep_assert_held(&vd->session.lock);
	mdev_vfio_mem_drop(&vd->vfio->mem);
}

static const struct vhost_mdev_path vhost_mdev_vfio_path = {
	.name = "VFIO device",
	.mem_way = VHOST_MDEV_VFIO_MEM_WAY,
	.mem_open = vhost_mdev_vfio_mem_open,
	.mem_close = vhost_mdev_vfio_mem_close,
	.mem = vhost_mdev_vfio_mem,
	.mem_reset = vhost_mdev_vfio_mem_reset,
};

/*
 * A device with DMA of its own: the container programs its IOMMU, and pins and
 * accounts what is mapped.  VFIO claims the group's DMA before the device is
 * opened, and releases it after the device was closed, and thereby reset.
 */
static int vhost_mdev_iommu_mem_open(struct vhost_mdev *vd)
{
	return 0;
}

static void vhost_mdev_iommu_mem_close(struct vhost_mdev *vd)
{
}

static struct mdev_mem *vhost_mdev_iommu_mem(struct vhost_mdev *vd, u32 asid)
{
	return NULL;
}

static const struct vhost_mdev_path vhost_mdev_iommu_path = {
	.name = "VFIO device",
	.mem_way = VHOST_MDEV_VFIO_MEM_WAY,
	.mem_open = vhost_mdev_iommu_mem_open,
	.mem_close = vhost_mdev_iommu_mem_close,
	.mem = vhost_mdev_iommu_mem,
};

static void vhost_mdev_vfio_dma_unmap(struct vfio_device *vdev, u64 iova,
				      u64 length)
{
	mdev_vfio_mem_unmap(&to_vhost_mdev_vfio(vdev)->mem, iova, length);
}

/* ---- the request eventfd ---- */

static void vhost_mdev_vfio_set_request(struct vhost_mdev_vfio *vv,
					struct eventfd_ctx *ctx)
{
	spin_lock(&vv->request_lock);
	swap(vv->request_ctx, ctx);
	spin_unlock(&vv->request_lock);
	if (ctx)
		eventfd_ctx_put(ctx);
}

static bool vhost_mdev_vfio_signal_request(struct vhost_mdev_vfio *vv)
{
	bool found;

	spin_lock(&vv->request_lock);
	found = vv->request_ctx;
	if (found)
		eventfd_signal(vv->request_ctx);
	spin_unlock(&vv->request_lock);
	return found;
}

/**
 * vhost_mdev_vfio_request() - ask the user to close the VFIO device
 * @vd: the device
 *
 * Return: true if an eventfd for this is set, which was signalled.
 */
bool vhost_mdev_vfio_request(struct vhost_mdev *vd)
{
	return vhost_mdev_vfio_signal_request(vd->vfio);
}

static int vhost_mdev_vfio_set_irqs(struct vhost_mdev_vfio *vv,
				    void __user *argp)
{
	size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct eventfd_ctx *ctx = NULL;
	struct vfio_irq_set hdr;
	size_t data_size = 0;
	u8 trigger = 0;
	int ret;
	s32 fd;

	if (copy_from_user(&hdr, argp, minsz))
		return -EFAULT;
	ret = vfio_set_irqs_validate_and_prepare(&hdr, 1, VHOST_MDEV_NUM_IRQS,
						 &data_size);
	if (ret)
		return ret;
	if ((hdr.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) !=
	    VFIO_IRQ_SET_ACTION_TRIGGER)
		return -EINVAL;

	argp += minsz;
	switch (hdr.flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		/* A count of 0 removes the eventfd; otherwise signal it. */
		if (!hdr.count)
			vhost_mdev_vfio_set_request(vv, NULL);
		else
			vhost_mdev_vfio_signal_request(vv);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (data_size != sizeof(trigger))
			return -EINVAL;
		if (get_user(trigger, (u8 __user *)argp))
			return -EFAULT;
		if (trigger)
			vhost_mdev_vfio_signal_request(vv);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (data_size != sizeof(fd))
			return -EINVAL;
		if (get_user(fd, (s32 __user *)argp))
			return -EFAULT;
		if (fd != -1) {
			/* Pairs with the put in vhost_mdev_vfio_set_request() */
			ctx = eventfd_ctx_fdget(fd);
			if (IS_ERR(ctx))
				return PTR_ERR(ctx);
		}
		vhost_mdev_vfio_set_request(vv, ctx);
		return 0;
	}
	return -EINVAL;
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
	 * synchronize_rcu() in vhost_mdev_revoke().
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

/*
 * vfio calls open_device() for the first user only, and lets others share its
 * state.  It calls this for each file, so that further users can be refused here.
 *
 * Two threads that share a group file and open the device at the same moment may
 * both succeed.  They count as one user, and share the device like the group.
 */
static int vhost_mdev_vfio_match(struct vfio_device *vdev, char *buf)
{
	struct vhost_mdev_vfio *vv = to_vhost_mdev_vfio(vdev);

	/* The name is the UUID, whatever device the group belongs to. */
	if (strcmp(buf, vv->vd->session.name))
		return 0;
	/* Each lookup that succeeded now would delay the unregistering. */
	if (READ_ONCE(vv->vd->session.leaving))
		return -ENODEV;
	return READ_ONCE(vv->open) ? -EBUSY : 1;
}

static int vhost_mdev_vfio_open_device(struct vfio_device *vdev)
{
	struct vhost_mdev_vfio *vv = to_vhost_mdev_vfio(vdev);
	int ret;

	ret = vhost_mdev_open(vv->vd, vv->vd->dma_dev ?
			      &vhost_mdev_iommu_path :
			      &vhost_mdev_vfio_path);
	if (!ret)
		WRITE_ONCE(vv->open, true);
	return ret;
}

static void vhost_mdev_vfio_close_device(struct vfio_device *vdev)
{
	struct vhost_mdev_vfio *vv = to_vhost_mdev_vfio(vdev);

	vhost_mdev_vfio_set_request(vv, NULL);
	mdev_session_close(&vv->vd->session);
	WRITE_ONCE(vv->open, false);
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
	.match = vhost_mdev_vfio_match

static const struct vfio_device_ops vhost_mdev_vfio_ops = {
	VHOST_MDEV_VFIO_OPS,
	COMPAT_VFIO_IOMMUFD_EMULATED_OPS
	.dma_unmap = vhost_mdev_vfio_dma_unmap,
};

static const struct vfio_device_ops vhost_mdev_iommu_ops = {
	VHOST_MDEV_VFIO_OPS,
	COMPAT_VFIO_IOMMUFD_PHYSICAL_OPS
};

/* ---- life ---- */

static void vhost_mdev_vfio_end(struct work_struct *work)
{
	struct vhost_mdev_vfio *vv = container_of(work, struct vhost_mdev_vfio,
						  end);

	vfio_unregister_group_dev(&vv->vdev);
	if (vv->carrier) {
		/* Again, for unmaps that began after the device was revoked */
		mdev_vfio_mem_close(&vv->mem);
		mdev_vfio_mem_uninit(&vv->mem);
		/* Pairs with vhost_mdev_carrier_add() in vhost_mdev_vfio_add() */
		device_unregister(vv->carrier);
	} else {
		/* Pairs with mdev_class_parent_keep() in vhost_mdev_vfio_del() */
		mdev_class_parent_release(vv->parent);
	}
	complete(&vv->ended);
	vfio_put_device(&vv->vdev);
}

static int vhost_mdev_vfio_register(struct vhost_mdev_vfio *vv,
				    struct mdev_class_device *cdev)
{
	int ret;

	if (!vv->carrier)
		return vfio_register_group_dev(&vv->vdev);

	ret = mdev_vfio_mem_init(&vv->mem, &vv->vdev, vv->carrier,
				 THIS_MODULE);
	if (ret)
		return ret;
	ret = vfio_register_emulated_iommu_dev(&vv->vdev);
	if (ret)
		goto err_mem;
	ret = vhost_mdev_carrier_link(vv->carrier, mdev_dev(cdev->mdev));
	if (ret)
		goto err_vfio;
	return 0;

err_vfio:
	/* This does not wait: no user knows the group yet, so no file is open. */
	vfio_unregister_group_dev(&vv->vdev);
err_mem:
	mdev_vfio_mem_uninit(&vv->mem);
	return ret;
}

/**
 * vhost_mdev_vfio_add() - make a device a VFIO device
 * @vd: the device
 *
 * Return: 0 or a negative errno.
 */
int vhost_mdev_vfio_add(struct vhost_mdev *vd)
{
	struct mdev_class_device *cdev = vd->session.cdev;
	struct device *carrier = NULL;
	struct vhost_mdev_vfio *vv;
	int ret;

	/* A device whose IOMMU is to be programmed, or one without an IOMMU */
	if (!vd->dma_dev) {
		carrier = vhost_mdev_carrier_add(vd->session.name);
		if (IS_ERR(carrier))
			return PTR_ERR(carrier);
		vv = vfio_alloc_device(vhost_mdev_vfio, vdev, carrier,
				       &vhost_mdev_vfio_ops);
	} else {
		vv = vfio_alloc_device(vhost_mdev_vfio, vdev, vd->dma_dev,
				       &vhost_mdev_iommu_ops);
	}
	if (IS_ERR(vv)) {
		ret = PTR_ERR(vv);
		goto err_carrier;
	}
	/* Both pair with vhost_mdev_vfio_release() */
	mdev_users_get(&vhost_mdev_users);
	vv->vd = vhost_mdev_get(vd);
	vv->carrier = carrier;
	spin_lock_init(&vv->request_lock);
	INIT_WORK(&vv->end, vhost_mdev_vfio_end);
	init_completion(&vv->ended);

	vd->vfio = vv;
	ret = vhost_mdev_vfio_register(vv, cdev);
	if (ret) {
		dev_err(&cdev->dev, "cannot register a VFIO device: %pe\n",
			ERR_PTR(ret));
		goto err_put;
	}
	return 0;

err_put:
	vfio_put_device(&vv->vdev);
err_carrier:
	if (carrier)
		device_unregister(carrier);
	return ret;
}

/**
 * vhost_mdev_vfio_del() - undo vhost_mdev_vfio_add()
 * @vd: the device, retired
 * @cdev: the instance
 *
 * If the user still has a revoked device open, this leaves behind what VFIO needs
 * until the user closes it.
 */
void vhost_mdev_vfio_del(struct vhost_mdev *vd, struct mdev_class_device *cdev)
{
	struct vhost_mdev_vfio *vv = vd->vfio;

	if (vv->carrier) {
		vhost_mdev_carrier_unlink(mdev_dev(cdev->mdev));
	} else {
		/* Pairs with the release in vhost_mdev_vfio_end() */
		vv->parent = cdev->parent;
		mdev_class_parent_keep(vv->parent);
	}
	/* For @ended; pairs with vfio_put_device() below */
	get_device(&vv->vdev.device);
	queue_work(vhost_mdev_vfio_wq, &vv->end);
	if (!READ_ONCE(vv->open))
		wait_for_completion_killable_timeout(&vv->ended,
						     VHOST_MDEV_VFIO_TIMEOUT);
	vfio_put_device(&vv->vdev);
}

/**
 * vhost_mdev_vfio_init() - prepare for VFIO devices
 *
 * Return: 0 or a negative errno.
 */
int vhost_mdev_vfio_init(void)
{
	int ret;

	vhost_mdev_vfio_wq = alloc_workqueue("vhost_mdev", WQ_UNBOUND,
					     WQ_MAX_ACTIVE);
	if (!vhost_mdev_vfio_wq)
		return -ENOMEM;
	ret = vhost_mdev_carrier_init();
	if (ret)
		destroy_workqueue(vhost_mdev_vfio_wq);
	return ret;
}

/**
 * vhost_mdev_vfio_exit() - undo vhost_mdev_vfio_init()
 */
void vhost_mdev_vfio_exit(void)
{
	vhost_mdev_carrier_exit();
	destroy_workqueue(vhost_mdev_vfio_wq);
}
