// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VFIO device of an instance: group, container, and its end, which may come
 * later than that of the instance.
 */

#include <linux/mdev.h>
#include <linux/mdev_class.h>
#include <linux/mdev_session.h>
#include <linux/mdev_vfio_device.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/sysfs.h>
#include <linux/virtio_mdev.h>

#include "carrier.h"
#include "device.h"
#include "link.h"
#include "log.h"
#include "request.h"

/* How long a remover waits for vfio if no user has the device open */
#define MDEV_VFIO_DEVICE_TIMEOUT	(10 * HZ)

/* How long it does so before the log says that */
#define MDEV_VFIO_DEVICE_SOON		(HZ / 5)

/*
 * VFIO's unregistering waits for the last file to be closed, however long that
 * takes.  It may do so here: only the module's exit waits for this workqueue
 * without a limit, and no file is open then.
 */
static struct workqueue_struct *mdev_vfio_device_wq;

/* ---- the memory of the container ---- */

/*
 * A device with DMA of its own has no memory here: the container programs its IOMMU,
 * and pins and accounts what is mapped.  VFIO claims the group's DMA before the
 * device is opened, and releases it after the device was closed, and thereby reset.
 */
static bool mdev_vfio_device_has_mem(const struct mdev_vfio_device *vv)
{
	return vv->carrier;
}

/**
 * mdev_vfio_device_mem_open() - a user begins to use the device
 * @vv: the device
 */
void mdev_vfio_device_mem_open(struct mdev_vfio_device *vv)
{
	if (mdev_vfio_device_has_mem(vv))
		mdev_vfio_mem_open(&vv->mem);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_mem_open);

/**
 * mdev_vfio_device_mem_close() - release all of the user's memory
 * @vv: the device, reset
 *
 * Safe even if the reset failed.
 *
 * Context: process context; sleeps.
 */
void mdev_vfio_device_mem_close(struct mdev_vfio_device *vv)
{
	if (mdev_vfio_device_has_mem(vv))
		mdev_vfio_mem_close(&vv->mem);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_mem_close);

/**
 * mdev_vfio_device_mem_drop() - release what is pinned only because the device used it
 * @vv: the device, reset
 *
 * Context: process context; sleeps.
 */
void mdev_vfio_device_mem_drop(struct mdev_vfio_device *vv)
{
	if (mdev_vfio_device_has_mem(vv))
		mdev_vfio_mem_drop(&vv->mem);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_mem_drop);

/**
 * mdev_vfio_device_mem() - the memory that the parent is to use
 * @vv: the device
 *
 * Return: the memory; NULL if the device reaches it by itself, through the IOMMU.
 */
struct mdev_mem *mdev_vfio_device_mem(struct mdev_vfio_device *vv)
{
	return mdev_vfio_device_has_mem(vv) ? &vv->mem.mem : NULL;
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_mem);

/**
 * mdev_vfio_device_show_mem() - write what is known of the memory
 * @vv: the device
 * @m: where to write
 *
 * For &mdev_class_driver.show_mem.
 *
 * Context: process context.
 */
void mdev_vfio_device_show_mem(struct mdev_vfio_device *vv, struct seq_file *m)
{
	if (mdev_vfio_device_has_mem(vv))
		mdev_vfio_mem_show(&vv->mem, m);
	else
		seq_puts(m, "memory: VFIO programs the IOMMU of the device\n");
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_show_mem);

/**
 * mdev_vfio_device_copy_begin() - have writes of the device be seen page by page
 * @vv: the device, opened
 * @why: MDEV_VFIO_COPY_MIGRATION or MDEV_VFIO_COPY_LOG
 *
 * See mdev_vfio_mem_copy_begin().  Nothing happens if the device has DMA of its own.
 *
 * Context: process context; sleeps for some seconds at most.
 * Return: as mdev_vfio_mem_copy_begin().
 */
int mdev_vfio_device_copy_begin(struct mdev_vfio_device *vv, unsigned int why)
{
	if (!mdev_vfio_device_has_mem(vv))
		return 0;
	return mdev_vfio_mem_copy_begin(&vv->mem, why);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_copy_begin);

/**
 * mdev_vfio_device_copy_end() - undo mdev_vfio_device_copy_begin()
 * @vv: the device
 * @why: as there
 *
 * Context: process context.
 */
void mdev_vfio_device_copy_end(struct mdev_vfio_device *vv, unsigned int why)
{
	if (mdev_vfio_device_has_mem(vv))
		mdev_vfio_mem_copy_end(&vv->mem, why);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_copy_end);

/**
 * mdev_vfio_device_copying() - whether the device copies data instead of pinning it
 * @vv: the device
 *
 * Context: any.  The answer may be outdated at once.
 * Return: true if it was asked to, for whatever reason.
 */
bool mdev_vfio_device_copying(struct mdev_vfio_device *vv)
{
	return mdev_vfio_device_has_mem(vv) && READ_ONCE(vv->mem.copy_why);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_copying);

/**
 * mdev_vfio_device_show_copying() - show the attribute copy_mode
 * @vv: the device
 * @buf: as of a sysfs file
 *
 * Context: any.
 * Return: the length of the text.
 */
ssize_t mdev_vfio_device_show_copying(struct mdev_vfio_device *vv, char *buf)
{
	return sysfs_emit(buf, "%d\n", mdev_vfio_device_copying(vv));
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_show_copying);

/**
 * mdev_vfio_device_migration_blocker() - why an instance cannot move to another host
 * @cdev: the instance
 *
 * Context: process context.
 * Return: a part of a sentence, for a message; NULL if it can.
 */
const char *mdev_vfio_device_migration_blocker(struct mdev_class_device *cdev)
{
	const struct virtio_mdev_ops *ops = cdev->ops;
	const char *why = NULL;

	/* The parent knows best. */
	if (ops->get_migration_blocker)
		why = ops->get_migration_blocker(cdev);
	if (why)
		return why;
	if (virtio_mdev_dma_dev(cdev))
		return "what hardware writes cannot be told page by page";
	if (!ops->suspend || !ops->resume)
		return "its parent driver cannot suspend it";
	if (!ops->save || !ops->load)
		return "its parent driver cannot save its state";
	return NULL;
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_migration_blocker);

/**
 * mdev_vfio_device_dma_unmap() - the user unmaps part of the container's memory
 * @vdev: the VFIO device, of an instance without DMA of its own
 * @iova: first address
 * @length: in bytes
 *
 * For &vfio_device_ops.dma_unmap.
 */
void mdev_vfio_device_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	mdev_vfio_mem_unmap(&to_mdev_vfio_device(vdev)->mem, iova, length);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_dma_unmap);

/* ---- open and close ---- */

/**
 * mdev_vfio_device_match() - whether a user means this device of the group
 * @vdev: the VFIO device
 * @buf: the name that the user gives
 *
 * For &vfio_device_ops.match.  vfio calls open_device() for the first user only, and
 * lets others share its state.  It calls this for each file, so that further users
 * can be refused here.
 *
 * Two threads that share a group file and open the device at the same moment may
 * both succeed.  They count as one user, and share the device like the group.
 *
 * Return: 1 if so, 0 if not; -EBUSY if there is a user; -ENODEV if the instance is
 * being removed.
 */
int mdev_vfio_device_match(struct vfio_device *vdev, char *buf)
{
	struct mdev_vfio_device *vv = to_mdev_vfio_device(vdev);

	/* The name is the UUID, whatever device the group belongs to. */
	if (strcmp(buf, vv->session->name))
		return 0;
	/* Each lookup that succeeded now would delay the unregistering. */
	if (READ_ONCE(vv->session->leaving))
		return -ENODEV;
	return READ_ONCE(vv->open) ? -EBUSY : 1;
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_match);

/**
 * mdev_vfio_device_opened() - the session of a user with the device fd has begun
 * @vv: the device
 *
 * Context: &vfio_device_ops.open_device.
 */
void mdev_vfio_device_opened(struct mdev_vfio_device *vv)
{
	WRITE_ONCE(vv->open, true);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_opened);

/**
 * mdev_vfio_device_close() - the user has closed the device fd: end the session
 * @vv: the device
 *
 * Context: &vfio_device_ops.close_device.
 */
void mdev_vfio_device_close(struct mdev_vfio_device *vv)
{
	mdev_vfio_device_clear_request(vv);
	mdev_session_close(vv->session);
	WRITE_ONCE(vv->open, false);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_close);

/* ---- life ---- */

/**
 * mdev_vfio_device_parent_get() - the device that a VFIO device belongs below
 * @cdev: the instance
 *
 * That is the device whose IOMMU is to be programmed.  If there is none, it is a
 * device that is made here.
 *
 * Context: process context; sleeps.
 * Return: the device, for vfio_alloc_device() and mdev_vfio_device_add() or
 * mdev_vfio_device_parent_put(); an ERR_PTR().
 */
struct device *mdev_vfio_device_parent_get(struct mdev_class_device *cdev)
{
	return virtio_mdev_dma_dev(cdev) ?:
	       mdev_vfio_carrier_add(dev_name(&cdev->dev));
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_parent_get);

/**
 * mdev_vfio_device_parent_put() - undo mdev_vfio_device_parent_get()
 * @cdev: the instance
 * @parent: what it returned; no VFIO device is below it
 *
 * Context: process context; sleeps.
 */
void mdev_vfio_device_parent_put(struct mdev_class_device *cdev,
				 struct device *parent)
{
	if (parent != virtio_mdev_dma_dev(cdev))
		device_unregister(parent);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_parent_put);

static void mdev_vfio_device_end(struct work_struct *work)
{
	struct mdev_vfio_device *vv = container_of(work,
						   struct mdev_vfio_device,
						   end);

	vfio_unregister_group_dev(&vv->vdev);
	if (vv->carrier) {
		/* Again, for unmaps that began after the device was revoked */
		mdev_vfio_mem_close(&vv->mem);
		mdev_vfio_mem_uninit(&vv->mem);
		/* Pairs with mdev_vfio_device_parent_get() */
		device_unregister(vv->carrier);
	} else {
		/* Pairs with mdev_class_parent_keep() in mdev_vfio_device_del() */
		mdev_class_parent_release(vv->parent);
	}
	complete(&vv->ended);
	vfio_put_device(&vv->vdev);
}

static int mdev_vfio_device_register_hardware(struct mdev_vfio_device *vv,
					      struct device *dev)
{
	int ret;

	ret = mdev_vfio_link_group(dev, vv->vdev.dev);
	if (ret)
		return ret;
	ret = vfio_register_group_dev(&vv->vdev);
	if (ret) {
		mdev_vfio_unlink_group(dev);
		return ret;
	}
	/*
	 * A user may have the device open by now, and undoing the registration
	 * would wait for that.  Those who look for this link can do without.
	 */
	if (mdev_vfio_link_dev(dev, vv->vdev.dev))
		dev_warn(dev, "no memory for the link vfio-dev\n");
	return 0;
}

static int mdev_vfio_device_register_software(struct mdev_vfio_device *vv,
					      struct device *dev)
{
	int ret;

	ret = mdev_vfio_mem_init(&vv->mem, &vv->vdev, vv->carrier,
				 vv->session->owner);
	if (ret)
		return ret;
	vv->vdev.log_ops = compat_vfio_log_ops(&mdev_vfio_log_ops);
	ret = vfio_register_emulated_iommu_dev(&vv->vdev);
	if (ret)
		goto err_mem;
	ret = mdev_vfio_link_carrier(dev, vv->carrier);
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
 * mdev_vfio_device_add() - register the VFIO device of an instance
 * @vv: the device, zeroed by vfio_alloc_device()
 * @s: the session of the instance; exists for as long as @vv
 * @parent: from mdev_vfio_device_parent_get()
 *
 * Context: &mdev_class_driver.probe.
 * Return: 0, and then @parent is taken over; or a negative errno, with a line in the
 * log.
 */
int mdev_vfio_device_add(struct mdev_vfio_device *vv, struct mdev_session *s,
			 struct device *parent)
{
	struct device *dev = mdev_dev(s->cdev->mdev);
	int ret;

	vv->session = s;
	if (parent != virtio_mdev_dma_dev(s->cdev))
		vv->carrier = parent;
	spin_lock_init(&vv->request_lock);
	INIT_WORK(&vv->end, mdev_vfio_device_end);
	init_completion(&vv->ended);

	ret = vv->carrier ? mdev_vfio_device_register_software(vv, dev) :
			    mdev_vfio_device_register_hardware(vv, dev);
	if (ret)
		mdev_class_error(s->cdev, "cannot register a VFIO device: %pe",
				 ERR_PTR(ret));
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_add);

/* Whoever has the group open keeps VFIO from ending, without the device. */
static void mdev_vfio_device_wait(struct mdev_vfio_device *vv,
				  struct mdev_class_device *cdev)
{
	if (wait_for_completion_killable_timeout(&vv->ended,
						 MDEV_VFIO_DEVICE_SOON))
		return;
	dev_notice(&cdev->dev,
		   "the removal waits for VFIO: a program has the group of the device open, or is about to open the device\n");
	wait_for_completion_killable_timeout(&vv->ended,
					     MDEV_VFIO_DEVICE_TIMEOUT);
}

/**
 * mdev_vfio_device_del() - undo mdev_vfio_device_add()
 * @vv: the device, its session retired; not to be used by the caller any more
 * @cdev: the instance
 *
 * If the user still has a revoked device open, this leaves behind what VFIO needs
 * until the user closes it.
 *
 * Context: &mdev_class_driver.remove.
 */
void mdev_vfio_device_del(struct mdev_vfio_device *vv,
			  struct mdev_class_device *cdev)
{
	if (vv->carrier) {
		mdev_vfio_unlink_carrier(mdev_dev(cdev->mdev));
	} else {
		mdev_vfio_unlink_dev(mdev_dev(cdev->mdev));
		mdev_vfio_unlink_group(mdev_dev(cdev->mdev));
		/* Pairs with the release in mdev_vfio_device_end() */
		vv->parent = cdev->parent;
		mdev_class_parent_keep(vv->parent);
	}
	/* For @ended; pairs with vfio_put_device() below */
	get_device(&vv->vdev.device);
	queue_work(mdev_vfio_device_wq, &vv->end);
	if (!READ_ONCE(vv->open))
		mdev_vfio_device_wait(vv, cdev);
	vfio_put_device(&vv->vdev);
}
EXPORT_SYMBOL_GPL(mdev_vfio_device_del);

/**
 * mdev_vfio_device_init() - prepare for VFIO devices
 *
 * Return: 0 or -ENOMEM.
 */
int mdev_vfio_device_init(void)
{
	mdev_vfio_device_wq = alloc_workqueue("mdev_vfio", WQ_UNBOUND,
					      WQ_MAX_ACTIVE);
	return mdev_vfio_device_wq ? 0 : -ENOMEM;
}

/**
 * mdev_vfio_device_exit() - undo mdev_vfio_device_init()
 */
void mdev_vfio_device_exit(void)
{
	destroy_workqueue(mdev_vfio_device_wq);
}
