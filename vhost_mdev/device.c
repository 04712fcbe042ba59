// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is driven with vhost ioctls: creation, use by a user, and freeing.
 */

#include <linux/mdev_class.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vhost_mdev.h>
#include <linux/virtio_mdev.h>

#include "config.h"
#include "device.h"
#include "eventfd.h"
#include "mem/domain.h"
#include "path.h"
#include "status.h"
#include "vring.h"

/* VFIO and char devices */
DEFINE_MDEV_USERS(vhost_mdev_users);

static unsigned int remove_grace = 30;
module_param(remove_grace, uint, 0644);
MODULE_PARM_DESC(remove_grace, "seconds that the user of an instance has to close it when it is removed, before the device is revoked; 0 revokes it at once (default: 30)");

/* ---- open and close ---- */

static struct vhost_mdev *to_vhost_mdev(struct mdev_session *s)
{
	return container_of(s, struct vhost_mdev, session);
}

static int vhost_mdev_begin(struct mdev_session *s)
{
	struct vhost_mdev *vd = to_vhost_mdev(s);
	int ret;

	lockdep_assert_held(&s->lock);
	ret = vd->path->mem_open(vd);
	if (ret)
		return ret;

	vd->backend_features = 0;
	vd->owned = false;
	ret = vhost_mdev_reset(vd);
	if (ret) {
		vd->path->mem_close(vd);
		return ret;
	}
	vhost_mdev_vqs_open(vd);
	s->cdev->mem = vd->path->mem(vd, 0);
	return 0;
}

static void vhost_mdev_end(struct mdev_session *s)
{
	struct vhost_mdev *vd = to_vhost_mdev(s);

	lockdep_assert_held(&s->lock);
	/*
	 * There is nobody to report a failed reset to.  Closing the memory is
	 * safe even if the device still uses it.
	 */
	vhost_mdev_reset(vd);
	vhost_mdev_vqs_close(vd);
	vhost_mdev_set_config_fd(vd, VHOST_MDEV_FILE_UNBIND);
	s->cdev->mem = NULL;
	vd->path->mem_close(vd);
}

static void vhost_mdev_hang_up(struct mdev_session *s)
{
	struct vhost_mdev *vd = to_vhost_mdev(s);

	vhost_mdev_vqs_hang_up(vd);
	vhost_mdev_config_hang_up(vd);
}

static bool vhost_mdev_ask(struct mdev_session *s)
{
	struct vhost_mdev *vd = to_vhost_mdev(s);
	const struct vhost_mdev_path *path;

	/* A new user may be writing it.  It is too early to ask that one anyway. */
	path = READ_ONCE(vd->path);
	return path && path->ask && path->ask(vd);
}

static const struct mdev_session_ops vhost_mdev_session_ops = {
	.begin = vhost_mdev_begin,
	.end = vhost_mdev_end,
	.hang_up = vhost_mdev_hang_up,
	.ask = vhost_mdev_ask,
};

/**
 * vhost_mdev_open() - give the device to a user
 * @vd: the device
 * @path: the access path that the user takes
 *
 * Return: 0, and mdev_session_close() undoes it; -EBUSY if there is a user, through
 * this access path or another; what mdev_session_open() failed with.
 */
int vhost_mdev_open(struct vhost_mdev *vd, const struct vhost_mdev_path *path)
{
	int ret;

	ret = mdev_session_claim(&vd->session, path->name);
	if (ret)
		return ret;
	/* Only the user reads it, and vhost_mdev_ask(). */
	WRITE_ONCE(vd->path, path);
	return mdev_session_open(&vd->session);
}

/**
 * vhost_mdev_retire() - end all use of the instance, see mdev_session_retire()
 * @vd: the device
 */
void vhost_mdev_retire(struct vhost_mdev *vd)
{
	mdev_session_retire(&vd->session, READ_ONCE(remove_grace));
}

/* ---- life ---- */

static int vhost_mdev_check(struct mdev_class_device *cdev)
{
	if (cdev->ops->get_group_count && !cdev->ops->get_group_count(cdev)) {
		mdev_class_error(cdev, "the device has no group of virtqueues");
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
	mdev_session_init(&vd->session, cdev, &vhost_mdev_session_ops,
			  THIS_MODULE);
	vd->dma_dev = virtio_mdev_dma_dev(cdev);
	vd->nvqs = cdev->ops->get_vq_count(cdev);
	vd->nr_groups = cdev->ops->get_group_count ?
			cdev->ops->get_group_count(cdev) : 1;
	ret = vhost_mdev_vqs_init(vd);
	if (ret) {
		mdev_session_uninit(&vd->session);
		kfree(vd);
		return ERR_PTR(ret);
	}
	return vd;
}

static void vhost_mdev_free(struct kref *ref)
{
	struct vhost_mdev *vd = container_of(ref, struct vhost_mdev, ref);

	vhost_mdev_vqs_uninit(vd);
	mdev_session_uninit(&vd->session);
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
