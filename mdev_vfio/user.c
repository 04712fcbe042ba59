// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user of a device: one at a time, whatever the access path; and the user's
 * name, for messages.
 */

#include <linux/mdev_class.h>
#include <linux/mdev_session.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "user.h"

/**
 * mdev_session_user_name() - who uses the device, as text
 * @s: the device, @s->user_lock held; there is or was a user
 * @buf: for the text
 * @size: of @buf
 *
 * The process ID is that of the initial PID namespace, as elsewhere in the log.
 *
 * Return: @buf.
 */
const char *mdev_session_user_name(struct mdev_session *s, char *buf,
				   size_t size)
{
	struct task_struct *task;
	bool ended;

	lockdep_assert_held(&s->user_lock);
	rcu_read_lock();
	task = pid_task(s->user_pid, PIDTYPE_TGID);
	ended = !task || (READ_ONCE(task->exit_state) &&
			  thread_group_empty(task));
	rcu_read_unlock();
	/* If it has ended, another process has got the file from it. */
	snprintf(buf, size, "%s[%d]%s", s->user_comm, pid_nr(s->user_pid),
		 ended ? " (which has ended)" : "");
	return buf;
}

/* Called with @s->user_lock held; returns what is to be put. */
static struct pid *mdev_session_set_user_locked(struct mdev_session *s,
						struct pid *pid)
{
	lockdep_assert_held(&s->user_lock);
	swap(s->user_pid, pid);
	get_task_comm(s->user_comm, current);
	return pid;
}

/**
 * mdev_session_set_user() - the calling process uses the device
 * @s: the device, open
 *
 * It may have got the file from the one that opened it, as QEMU does from
 * libvirt.
 */
void mdev_session_set_user(struct mdev_session *s)
{
	/* Pairs with put_pid() here, the next time, or in mdev_session_uninit() */
	struct pid *pid = get_pid(task_tgid(current));

	spin_lock(&s->user_lock);
	pid = mdev_session_set_user_locked(s, pid);
	spin_unlock(&s->user_lock);
	put_pid(pid);
}
EXPORT_SYMBOL_GPL(mdev_session_set_user);

/**
 * mdev_session_claim() - become the user of a device
 * @s: the device
 * @path_name: by what the user opens it, for messages; constant
 *
 * mdev_session_open() or mdev_session_close() gives it up.
 *
 * Return: 0; -EBUSY if there is a user; -ENODEV if the device is being removed.
 */
int mdev_session_claim(struct mdev_session *s, const char *path_name)
{
	/* Pairs with put_pid() below, in mdev_session_set_user() or at the end */
	struct pid *pid = get_pid(task_tgid(current));
	char name[MDEV_SESSION_USER_NAME];
	int ret = 0;

	spin_lock(&s->user_lock);
	if (s->leaving) {
		ret = -ENODEV;
	} else if (s->path_name) {
		/* The instance cannot be removed while the lock is held. */
		dev_notice_ratelimited(&s->cdev->dev,
				       "%s[%d] cannot open the %s: %s has the instance open by its %s\n",
				       current->comm, task_tgid_nr(current),
				       path_name,
				       mdev_session_user_name(s, name,
							      sizeof(name)),
				       s->path_name);
		ret = -EBUSY;
	} else {
		s->path_name = path_name;
		pid = mdev_session_set_user_locked(s, pid);
	}
	spin_unlock(&s->user_lock);
	put_pid(pid);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_session_claim);

/**
 * mdev_session_unclaim() - stop being the user
 * @s: the device
 */
void mdev_session_unclaim(struct mdev_session *s)
{
	spin_lock(&s->user_lock);
	s->path_name = NULL;
	/* Under the lock, which the remover takes to check @path_name */
	wake_up(&s->left);
	spin_unlock(&s->user_lock);
}
