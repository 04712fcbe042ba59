// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device that is driven by vhost ioctls, and who its user is,
 * whichever of the ways to it that user takes.
 */

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "mem_domain.h"
#include "vhost_mdev_private.h"

/* How long a remover waits until it says so again */
#define VHOST_MDEV_RETIRE_TIMEOUT	(10 * HZ)

/* ---- one user at a time ---- */

static int vhost_mdev_claim(struct vhost_mdev *vd,
			    const struct vhost_mdev_backend *be)
{
	int ret = 0;

	spin_lock(&vd->user_lock);
	if (vd->retired) {
		ret = -ENODEV;
	} else if (vd->be) {
		/* Under the lock, with which the instance cannot go. */
		dev_notice_ratelimited(&vd->cdev->dev,
				       "%s[%d] cannot open the %s: %s[%d] has the instance open by its %s\n",
				       current->comm, task_tgid_nr(current),
				       be->name, vd->user_comm, vd->user_pid,
				       vd->be->name);
		ret = -EBUSY;
	} else {
		vd->be = be;
		vd->user_pid = task_tgid_nr(current);
		get_task_comm(vd->user_comm, current);
	}
	spin_unlock(&vd->user_lock);
	return ret;
}

static void vhost_mdev_unclaim(struct vhost_mdev *vd)
{
	spin_lock(&vd->user_lock);
	vd->be = NULL;
	spin_unlock(&vd->user_lock);
	/* The lock's barrier is not enough: the waiter looks at its queue first. */
	smp_mb();
	wake_up_var(&vd->be);
}

/* Whether there is no user; then there will be none any more. */
static bool vhost_mdev_try_retire(struct vhost_mdev *vd)
{
	spin_lock(&vd->user_lock);
	if (!vd->be)
		vd->retired = true;
	spin_unlock(&vd->user_lock);
	return vd->retired;
}

/**
 * vhost_mdev_retire() - let nobody open the device any more
 * @vd: the device
 *
 * Waits for the user to close it.
 *
 * Context: process context; sleeps.
 */
void vhost_mdev_retire(struct vhost_mdev *vd)
{
	while (!wait_var_event_timeout(&vd->be, vhost_mdev_try_retire(vd),
				       VHOST_MDEV_RETIRE_TIMEOUT)) {
		spin_lock(&vd->user_lock);
		if (vd->be)
			dev_notice_ratelimited(&vd->cdev->dev,
					       "the removal waits for %s[%d] to close the %s\n",
					       vd->user_comm, vd->user_pid,
					       vd->be->name);
		spin_unlock(&vd->user_lock);
	}
}

/* ---- open and close ---- */

/**
 * vhost_mdev_open() - give the device to a user
 * @vd: the device
 * @be: how the user gets there
 *
 * Neither this module nor the parent driver can go until vhost_mdev_close().
 *
 * Return: 0; -EBUSY if there is a user, by this way or another; -ENODEV if the
 * device or one of the two modules is going; what the reset or
 * &vhost_mdev_backend.mem_open failed with.
 */
int vhost_mdev_open(struct vhost_mdev *vd, const struct vhost_mdev_backend *be)
{
	struct module *owner;
	int ret;

	/* Pairs with vhost_mdev_unclaim() in vhost_mdev_close() */
	ret = vhost_mdev_claim(vd, be);
	if (ret)
		return ret;

	/* Both pair with module_put() in vhost_mdev_close() */
	owner = mdev_class_parent_owner(vd->cdev->parent);
	ret = -ENODEV;
	if (!try_module_get(THIS_MODULE))
		goto err_claim;
	if (!try_module_get(owner))
		goto err_this;

	ret = be->mem_open(vd);
	if (ret)
		goto err_owner;

	mutex_lock(&vd->lock);
	vd->backend_features = 0;
	vd->owned = false;
	ret = vhost_mdev_reset(vd);
	if (ret) {
		mutex_unlock(&vd->lock);
		goto err_mem;
	}
	vhost_mdev_vqs_open(vd);
	vd->cdev->mem = be->mem(vd, 0);
	mutex_unlock(&vd->lock);
	return 0;

err_mem:
	be->mem_close(vd);
err_owner:
	module_put(owner);
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
 * When this returns nothing of the user is in use any more.
 */
void vhost_mdev_close(struct vhost_mdev *vd)
{
	struct module *owner = mdev_class_parent_owner(vd->cdev->parent);

	mutex_lock(&vd->lock);
	/*
	 * If the reset fails there is no one to tell.  To close the memory is
	 * safe against a device that still uses it.
	 */
	vhost_mdev_reset(vd);
	vhost_mdev_vqs_close(vd);
	vd->cdev->mem = NULL;
	mutex_unlock(&vd->lock);
	vd->be->mem_close(vd);

	module_put(owner);
	/*
	 * The text stays for longer than this: whoever unloads the module
	 * unbinds the device first, and that waits for the file to be gone.
	 */
	module_put(THIS_MODULE);
	vhost_mdev_unclaim(vd);
}

/* ---- life ---- */

static int vhost_mdev_check(struct mdev_class_device *cdev)
{
	u64 features = cdev->ops->get_mdev_features(cdev);

	if (!(features & VIRTIO_MDEV_F_VERSION_1)) {
		dev_err(&cdev->dev,
			"the parent driver speaks no version of the device operations that is known here: %#llx\n",
			features);
		return -EOPNOTSUPP;
	}
	if (!cdev->ops->get_vq_count(cdev)) {
		dev_err(&cdev->dev, "the device has no virtqueue\n");
		return -EINVAL;
	}
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
	spin_lock_init(&vd->user_lock);
	mutex_init(&vd->lock);
	vd->dma_dev = virtio_mdev_dma_dev(cdev);
	vd->nvqs = cdev->ops->get_vq_count(cdev);
	vd->nr_groups = cdev->ops->get_group_count ?
			cdev->ops->get_group_count(cdev) : 1;
	ret = vhost_mdev_vqs_init(vd);
	if (ret) {
		mutex_destroy(&vd->lock);
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
	kfree(vd);
}

/**
 * vhost_mdev_ref() - take a reference, for vhost_mdev_unref()
 * @vd: the device
 *
 * Context: any.
 * Return: @vd.
 */
struct vhost_mdev *vhost_mdev_ref(struct vhost_mdev *vd)
{
	kref_get(&vd->ref);
	return vd;
}

/**
 * vhost_mdev_unref() - drop a reference
 * @vd: the device
 *
 * Context: process context.
 */
void vhost_mdev_unref(struct vhost_mdev *vd)
{
	kref_put(&vd->ref, vhost_mdev_free);
}
