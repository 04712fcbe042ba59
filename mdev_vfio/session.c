// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: a program opens an instance, makes calls on it, and closes it.
 */

#include <linux/mdev_class.h>
#include <linux/mdev_session.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/string.h>
#include <linux/virtio_mdev.h>

#include "session.h"
#include "user.h"

/* ---- calls ---- */

/**
 * mdev_session_lock() - begin a call of the user's
 * @s: the device, open or being opened
 *
 * Return: 0, with @s->lock held and @s->cdev valid until mdev_session_unlock();
 * -EINTR for a killed task; -ENODEV if the device was revoked.
 */
int mdev_session_lock(struct mdev_session *s)
{
	/*
	 * Another thread may hold the lock while it waits for an unmap, and
	 * the user determines how long the unmap takes.
	 */
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	if (READ_ONCE(s->revoked)) {
		mutex_unlock(&s->lock);
		return -ENODEV;
	}
	spin_lock(&s->user_lock);
	s->locker = current;
	spin_unlock(&s->user_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_session_lock);

/**
 * mdev_session_unlock() - end a call of the user's
 * @s: the device
 */
void mdev_session_unlock(struct mdev_session *s)
{
	spin_lock(&s->user_lock);
	s->locker = NULL;
	spin_unlock(&s->user_lock);
	mutex_unlock(&s->lock);
}
EXPORT_SYMBOL_GPL(mdev_session_unlock);

/* ---- open and close ---- */

static int mdev_session_begin(struct mdev_session *s)
{
	struct module *owner = mdev_class_parent_owner(s->cdev->parent);
	int ret;

	lockdep_assert_held(&s->lock);
	/* Pairs with module_put() in mdev_session_end() */
	if (!try_module_get(owner))
		return -ENODEV;
	ret = s->ops->begin(s);
	if (ret) {
		module_put(owner);
		return ret;
	}
	s->opened = true;
	return 0;
}

/**
 * mdev_session_end() - undo all that the user has done, and release it
 * @s: the device, opened, @s->lock held
 */
void mdev_session_end(struct mdev_session *s)
{
	struct module *owner = mdev_class_parent_owner(s->cdev->parent);

	lockdep_assert_held(&s->lock);
	s->ops->end(s);
	if (s->cdev->ops->end_use)
		s->cdev->ops->end_use(s->cdev);
	s->opened = false;
	/* Pairs with try_module_get() in mdev_session_begin() */
	module_put(owner);
}

/**
 * mdev_session_open() - give the device to the user that has claimed it
 * @s: the device
 *
 * Keeps the class driver's module until mdev_session_close(), and the parent
 * driver's module until then or until the device is revoked.  If it fails, the
 * claim is given up.
 *
 * Return: 0; -ENODEV if the device or one of the two modules is being removed;
 * -EINTR for a killed task; what &mdev_session_ops.begin failed with.
 */
int mdev_session_open(struct mdev_session *s)
{
	int ret;

	/* Pairs with module_put() in mdev_session_close() */
	ret = -ENODEV;
	if (!try_module_get(s->owner))
		goto err_claim;

	ret = mdev_session_lock(s);
	if (ret)
		goto err_owner;
	ret = mdev_session_begin(s);
	mdev_session_unlock(s);
	if (ret)
		goto err_owner;
	return 0;

err_owner:
	module_put(s->owner);
err_claim:
	mdev_session_unclaim(s);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_session_open);

/**
 * mdev_session_close() - take the device from its user
 * @s: the device, open
 *
 * When this returns, nothing that belongs to the user is in use any more.
 */
void mdev_session_close(struct mdev_session *s)
{
	/*
	 * Not with mdev_session_lock(): a remover kills the locker if its call
	 * takes too long, and the task that closes the file last need not be
	 * the user's.
	 */
	mutex_lock(&s->lock);
	/* Unless it was revoked */
	if (s->opened)
		mdev_session_end(s);
	mdev_session_unlock(s);

	/*
	 * The module's text stays for longer than this reference: unloading the
	 * module unbinds the device first, and waits until the file is gone.
	 */
	module_put(s->owner);
	/* Pairs with mdev_session_claim() */
	mdev_session_unclaim(s);
}
EXPORT_SYMBOL_GPL(mdev_session_close);

/* ---- life ---- */

/**
 * mdev_session_init() - prepare an instance for users
 * @s: zeroed
 * @cdev: the instance
 * @ops: of the class driver; constant
 * @owner: the class driver's module
 */
void mdev_session_init(struct mdev_session *s, struct mdev_class_device *cdev,
		       const struct mdev_session_ops *ops,
		       struct module *owner)
{
	strscpy(s->name, dev_name(&cdev->dev), sizeof(s->name));
	s->cdev = cdev;
	s->ops = ops;
	s->owner = owner;
	spin_lock_init(&s->user_lock);
	init_waitqueue_head(&s->left);
	init_waitqueue_head(&s->hangup);
	mdev_doorbells_init(&s->doorbells);
	mutex_init(&s->lock);
}
EXPORT_SYMBOL_GPL(mdev_session_init);

/**
 * mdev_session_uninit() - undo mdev_session_init()
 * @s: no file is open
 */
void mdev_session_uninit(struct mdev_session *s)
{
	mutex_destroy(&s->lock);
	mdev_doorbells_uninit(&s->doorbells);
	/* The last user; pairs with get_pid() in mdev_session_claim() and others */
	put_pid(s->user_pid);
}
EXPORT_SYMBOL_GPL(mdev_session_uninit);
