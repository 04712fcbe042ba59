// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is driven with vhost ioctls: creation, use by a user, and freeing.
 */

#include <linux/mdev_class.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>

#include "config.h"
#include "device.h"
#include "eventfd.h"
#include "mem/domain.h"
#include "path.h"
#include "status.h"
#include "user.h"
#include "vring.h"

/* VFIO and char devices, and carriers */
DEFINE_MDEV_USERS(vhost_mdev_users);

/* ---- calls ---- */

/**
 * vhost_mdev_lock() - begin a call of the user's
 * @vd: the device, open or being opened
 *
 * Return: 0, with @vd->lock held and @vd->cdev valid until vhost_mdev_unlock();
 * -EINTR for a killed task; -ENODEV if the device was revoked.
 */
int vhost_mdev_lock(struct vhost_mdev *vd)
{
	/*
	 * Another thread may hold the lock while it waits for an unmap, and
	 * the user determines how long the unmap takes.
	 */
	if (mutex_lock_killable(&vd->lock))
		return -EINTR;
	if (READ_ONCE(vd->revoked)) {
		mutex_unlock(&vd->lock);
		return -ENODEV;
	}
	spin_lock(&vd->user_lock);
	vd->locker = current;
	spin_unlock(&vd->user_lock);
	return 0;
}

/**
 * vhost_mdev_unlock() - end a call of the user's
 * @vd: the device
 */
void vhost_mdev_unlock(struct vhost_mdev *vd)
{
	spin_lock(&vd->user_lock);
	vd->locker = NULL;
	spin_unlock(&vd->user_lock);
	mutex_unlock(&vd->lock);
}

/* ---- open and close ---- */

static int vhost_mdev_begin_use(struct vhost_mdev *vd)
{
	struct module *owner = mdev_class_parent_owner(vd->cdev->parent);
	int ret;

	lockdep_assert_held(&vd->lock);
	/* Pairs with module_put() in vhost_mdev_end_use() */
	if (!try_module_get(owner))
		return -ENODEV;
	ret = vd->path->mem_open(vd);
	if (ret)
		goto err_owner;

	vd->backend_features = 0;
	vd->owned = false;
	ret = vhost_mdev_reset(vd);
	if (ret)
		goto err_mem;
	vhost_mdev_vqs_open(vd);
	vd->cdev->mem = vd->path->mem(vd, 0);
	vd->opened = true;
	return 0;

err_mem:
	vd->path->mem_close(vd);
err_owner:
	module_put(owner);
	return ret;
}

/**
 * vhost_mdev_end_use() - undo all that the user has done, and release it
 * @vd: the device, opened, @vd->lock held
 */
void vhost_mdev_end_use(struct vhost_mdev *vd)
{
	struct module *owner = mdev_class_parent_owner(vd->cdev->parent);

	lockdep_assert_held(&vd->lock);
	/*
	 * There is nobody to report a failed reset to.  Closing the memory is
	 * safe even if the device still uses it.
	 */
	vhost_mdev_reset(vd);
	vhost_mdev_vqs_close(vd);
	vhost_mdev_set_config_fd(vd, VHOST_MDEV_FILE_UNBIND);
	vd->cdev->mem = NULL;
	vd->path->mem_close(vd);
	if (vd->cdev->ops->end_use)
		vd->cdev->ops->end_use(vd->cdev);
	vd->opened = false;
	/* Pairs with try_module_get() in vhost_mdev_begin_use() */
	module_put(owner);
}

/**
 * vhost_mdev_open() - give the device to a user
 * @vd: the device
 * @path: the access path that the user takes
 *
 * Keeps this module until vhost_mdev_close(), and the parent driver's module until
 * then or until the device is revoked.
 *
 * Return: 0; -EBUSY if there is a user, through this access path or another;
 * -ENODEV if the device or one of the two modules is being removed; -EINTR for a
 * killed task; what the reset or &vhost_mdev_path.mem_open failed with.
 */
int vhost_mdev_open(struct vhost_mdev *vd, const struct vhost_mdev_path *path)
{
	int ret;

	/* Pairs with vhost_mdev_unclaim() in vhost_mdev_close() */
	ret = vhost_mdev_claim(vd, path);
	if (ret)
		return ret;

	/* Pairs with module_put() in vhost_mdev_close() */
	ret = -ENODEV;
	if (!try_module_get(THIS_MODULE))
		goto err_claim;

	ret = vhost_mdev_lock(vd);
	if (ret)
		goto err_this;
	ret = vhost_mdev_begin_use(vd);
	vhost_mdev_unlock(vd);
	if (ret)
		goto err_this;
	return 0;

err_this:
	module_put(THIS_MODULE);
err_claim:
	vhost_mdev_unclaim(vd);
	return ret;
}

/**
 * vhost_mdev_close() - take the device from its user
 * @vd: the device, open
 *
 * When this returns, nothing that belongs to the user is in use any more.
 */
void vhost_mdev_close(struct vhost_mdev *vd)
{
	/*
	 * Not with vhost_mdev_lock(): a remover kills the locker if its call
	 * takes too long, and the task that closes the file last need not be
	 * the user's.
	 */
	mutex_lock(&vd->lock);
	/* Unless it was revoked */
	if (vd->opened)
		vhost_mdev_end_use(vd);
	vhost_mdev_unlock(vd);

	/*
	 * The module's text stays for longer than this reference: unloading the
	 * module unbinds the device first, and waits until the file is gone.
	 */
	module_put(THIS_MODULE);
	vhost_mdev_unclaim(vd);
}

/* ---- life ---- */

static int vhost_mdev_check(struct mdev_class_device *cdev)
{
	if (cdev->ops->get_group_count && !cdev->ops->get_group_count(cdev)) {
		dev_err(&cdev->dev, "the device has no group of virtqueues\n");
		return -EINVAL;
	}
	if (virtio_mdev_dma_dev(cdev))
		return vhost_mem_domain_check(cdev, virtio_mdev_dma_dev(cdev));
	return 0;
}

/**
 * vhost_mdev_create() - prepare a device for users
 * @cdev: the instance
 *
 * Return: the device, with a reference for the caller; an ERR_PTR():
 * -EOPNOTSUPP or -EINVAL for an instance that cannot be driven, -ENOMEM.
 */
struct vhost_mdev *vhost_mdev_create(struct mdev_class_device *cdev)
{
	struct vhost_mdev *vd;
	int ret;

	ret = vhost_mdev_check(cdev);
	if (ret)
		return ERR_PTR(ret);

	vd = kzalloc(sizeof(*vd), GFP_KERNEL);
	if (!vd)
		return ERR_PTR(-ENOMEM);
	kref_init(&vd->ref);
	vd->cdev = cdev;
	strscpy(vd->name, dev_name(&cdev->dev), sizeof(vd->name));
	spin_lock_init(&vd->user_lock);
	init_waitqueue_head(&vd->left);
	init_waitqueue_head(&vd->hangup);
	mdev_doorbells_init(&vd->doorbells);
	mutex_init(&vd->lock);
	vd->dma_dev = virtio_mdev_dma_dev(cdev);
	vd->nvqs = cdev->ops->get_vq_count(cdev);
	vd->nr_groups = cdev->ops->get_group_count ?
			cdev->ops->get_group_count(cdev) : 1;
	ret = vhost_mdev_vqs_init(vd);
	if (ret) {
		mutex_destroy(&vd->lock);
		mdev_doorbells_uninit(&vd->doorbells);
		kfree(vd);
		return ERR_PTR(ret);
	}
	return vd;
}

static void vhost_mdev_free(struct kref *ref)
{
	struct vhost_mdev *vd = container_of(ref, struct vhost_mdev, ref);

	vhost_mdev_vqs_uninit(vd);
	mutex_destroy(&vd->lock);
	mdev_doorbells_uninit(&vd->doorbells);
	/* The last user; pairs with get_pid() in vhost_mdev_claim() and others */
	put_pid(vd->user_pid);
	kfree(vd);
}

/**
 * vhost_mdev_get() - take a reference, for vhost_mdev_put()
 * @vd: the device
 *
 * Context: any.
 * Return: @vd.
 */
struct vhost_mdev *vhost_mdev_get(struct vhost_mdev *vd)
{
	kref_get(&vd->ref);
	return vd;
}

/**
 * vhost_mdev_put() - drop a reference
 * @vd: the device
 *
 * Context: process context.
 */
void vhost_mdev_put(struct vhost_mdev *vd)
{
	kref_put(&vd->ref, vhost_mdev_free);
}
