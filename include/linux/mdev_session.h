/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Use of an instance by a program: from the opening of a file to its close, or to
 * the removal of the instance.
 */
#ifndef _LINUX_MDEV_SESSION_H
#define _LINUX_MDEV_SESSION_H

#include <linux/mdev_doorbell.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/wait.h>

struct mdev_class_device;
struct mdev_session;
struct module;
struct pid;

/**
 * struct mdev_session_ops - what a class driver does for a session
 * @begin: a program has opened the device: reset it, and prepare what it uses.
 *	Returns 0 or a negative errno.
 * @end: the program has closed the device, or loses it: reset it, and release all
 *	that the program had set up.  Cannot fail.
 * @hang_up: (optional) the program is about to lose the device: wake whoever waits
 *	for it
 * @ask: (optional) ask the program to close the device.  Returns whether it can be
 *	asked.  Called without the lock, from the task that removes the instance.
 *
 * All but @ask are called with &mdev_session.lock held, and &mdev_session.cdev
 * valid.  Process context; they may sleep.
 */
struct mdev_session_ops {
	int (*begin)(struct mdev_session *s);
	void (*end)(struct mdev_session *s);
	void (*hang_up)(struct mdev_session *s);
	bool (*ask)(struct mdev_session *s);
};

/**
 * struct mdev_session - the use of an instance by a program, one at a time
 * @name: the instance's UUID, which a file may need after the instance was removed
 * @cdev: the instance, NULL once it was revoked.  Read under @lock or in an RCU
 *	read section, after checking @revoked there; the remover needs neither.
 * @ops: of the class driver; constant
 * @owner: the class driver's module; constant
 * @user_lock: guards @path_name, @leaving, @user_pid, @user_comm and @locker.
 *	Innermost, so that a task that takes it never waits for a call, which a
 *	user can make wait.
 * @path_name: by what the user has the instance open, for messages; NULL if there
 *	is no user
 * @leaving: the instance is being removed: there will be no more users
 * @user_pid: the process that uses or last used the device, for messages; a
 *	reference, NULL if there was none yet
 * @user_comm: its name
 * @locker: the task that holds @lock in a call of the user's, or NULL
 * @left: woken when @path_name becomes NULL
 * @hangup: tasks that poll the user's file; woken when the device is revoked
 * @doorbells: those that the user has mapped
 * @revoked: the user, if there is one, has lost the device, and calls get
 *	ENODEV.  Written by the remover.  It may be read without a lock to fail
 *	early; to use @cdev, check it again as described there.
 * @lock: serialises the device operations of the instance, as the parent may
 *	expect, and guards @opened and what the class driver says.  Taken by calls,
 *	open and close.  Outer to everything that pins or copies the user's memory;
 *	not to be taken under the mmap lock, nor in vfio's dma_unmap, whose end a
 *	call may be waiting for.
 * @opened: &mdev_session_ops.begin was called, and end was not
 */
struct mdev_session {
	char name[UUID_STRING_LEN + 1];
	struct mdev_class_device *cdev;
	const struct mdev_session_ops *ops;
	struct module *owner;

	spinlock_t user_lock;	/* guards the user, see above */
	const char *path_name;
	bool leaving;
	struct pid *user_pid;
	char user_comm[TASK_COMM_LEN];
	struct task_struct *locker;
	wait_queue_head_t left;
	wait_queue_head_t hangup;

	struct mdev_doorbells doorbells;

	bool revoked;
	struct mutex lock;	/* guards opened, see above */
	bool opened;
};

void mdev_session_init(struct mdev_session *s, struct mdev_class_device *cdev,
		       const struct mdev_session_ops *ops,
		       struct module *owner);
void mdev_session_uninit(struct mdev_session *s);
int mdev_session_claim(struct mdev_session *s, const char *path_name);
int mdev_session_open(struct mdev_session *s);
void mdev_session_close(struct mdev_session *s);
int mdev_session_lock(struct mdev_session *s);
void mdev_session_unlock(struct mdev_session *s);
void mdev_session_set_user(struct mdev_session *s);
void mdev_session_retire(struct mdev_session *s, unsigned int grace);

#endif /* _LINUX_MDEV_SESSION_H */
