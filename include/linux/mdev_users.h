/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A count of the objects that must be released before a module may be unloaded.
 */
#ifndef _LINUX_MDEV_USERS_H
#define _LINUX_MDEV_USERS_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/wait_bit.h>

/**
 * struct mdev_users - what the exit of a module waits for
 * @count: objects whose release function is in the module, and one more while
 *	the module is loaded
 *
 * Anybody may drop the last reference to a device after it was unregistered.
 * That runs a release function of the module that made the device, and a device
 * does not pin that module.
 */
struct mdev_users {
	refcount_t count;
};

/**
 * DEFINE_MDEV_USERS() - the count of a module
 * @name: of the variable
 */
#define DEFINE_MDEV_USERS(name) \
	struct mdev_users name = { .count = REFCOUNT_INIT(1) }

/**
 * mdev_users_get() - an object with a release function is about to exist
 * @users: the count; mdev_users_wait() was not called yet
 *
 * Pairs with mdev_users_put() in the release function.
 *
 * Context: any.
 */
static inline void mdev_users_get(struct mdev_users *users)
{
	refcount_inc(&users->count);
}

/**
 * mdev_users_put() - the object is gone
 * @users: the count
 *
 * The last thing that a release function does.
 *
 * Context: any.
 */
static inline void mdev_users_put(struct mdev_users *users)
{
	if (refcount_dec_and_test(&users->count))
		wake_up_var(&users->count);
}

/**
 * mdev_users_wait() - wait until all objects are gone, and their release is over
 * @users: the count
 *
 * Called once, by module exit, when nothing can make a new object.
 *
 * Context: process context; sleeps.
 */
static inline void mdev_users_wait(struct mdev_users *users)
{
	mdev_users_put(users);
	wait_var_event(&users->count, !refcount_read(&users->count));
	/* The last put may still execute module text: wait for that task. */
	synchronize_rcu_tasks();
}

#endif /* _LINUX_MDEV_USERS_H */
