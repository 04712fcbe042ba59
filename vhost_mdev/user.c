// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user of a device: one at a time, whatever the access path; and the user's
 * name, for messages.
 */

#include <linux/mdev_class.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "device.h"
#include "path.h"
#include "user.h"

/**
 * vhost_mdev_user_name() - who uses the device, as text
 * @vd: the device, @vd->user_lock held; there is or was a user
 * @buf: for the text
 * @size: of @buf
 *
 * The process ID is that of the initial PID namespace, as elsewhere in the log.
 *
 * Return: @buf.
 */
const char *vhost_mdev_user_name(struct vhost_mdev *vd, char *buf, size_t size)
{
	struct task_struct *task;
	bool ended;

	lockdep_assert_held(&vd->user_lock);
	rcu_read_lock();
	task = pid_task(vd->user_pid, PIDTYPE_TGID);
	ended = !task || (READ_ONCE(task->exit_state) &&
			  thread_group_empty(task));
	rcu_read_unlock();
	/* If it has ended, another process has got the file from it. */
	snprintf(buf, size, "%s[%d]%s", vd->user_comm, pid_nr(vd->user_pid),
		 ended ? " (which has ended)" : "");
	return buf;
}

/* Called with @vd->user_lock held; returns what is to be put. */
static struct pid *vhost_mdev_set_user_locked(struct vhost_mdev *vd,
					      struct pid *pid)
{
	lockdep_assert_held(&vd->user_lock);
	swap(vd->user_pid, pid);
	get_task_comm(vd->user_comm, current);
	return pid;
}

/**
 * vhost_mdev_set_user() - the calling process uses the device
 * @vd: the device, open
 *
 * It may have got the file from the one that opened it, as QEMU does from
 * libvirt.
 */
void vhost_mdev_set_user(struct vhost_mdev *vd)
{
	/* Pairs with put_pid() here, the next time, or in vhost_mdev_free() */
	struct pid *pid = get_pid(task_tgid(current));

	spin_lock(&vd->user_lock);
	pid = vhost_mdev_set_user_locked(vd, pid);
	spin_unlock(&vd->user_lock);
	put_pid(pid);
}

/**
 * vhost_mdev_claim() - become the user of a device
 * @vd: the device
 * @path: the access path that the user takes
 *
 * Return: 0; -EBUSY if there is a user; -ENODEV if the device is being removed.
 */
int vhost_mdev_claim(struct vhost_mdev *vd, const struct vhost_mdev_path *path)
{
	/* Pairs with put_pid() below, in vhost_mdev_set_user() or at the end */
	struct pid *pid = get_pid(task_tgid(current));
	char name[VHOST_MDEV_USER_NAME];
	int ret = 0;

	spin_lock(&vd->user_lock);
	if (vd->leaving) {
		ret = -ENODEV;
	} else if (vd->path) {
		/* The instance cannot be removed while the lock is held. */
		dev_notice_ratelimited(&vd->cdev->dev,
				       "%s[%d] cannot open the %s: %s has the instance open by its %s\n",
				       current->comm, task_tgid_nr(current),
				       path->name,
				       vhost_mdev_user_name(vd, name,
							    sizeof(name)),
				       vd->path->name);
		ret = -EBUSY;
	} else {
		vd->path = path;
		pid = vhost_mdev_set_user_locked(vd, pid);
	}
	spin_unlock(&vd->user_lock);
	put_pid(pid);
	return ret;
}

/**
 * vhost_mdev_unclaim() - stop being the user
 * @vd: the device
 */
void vhost_mdev_unclaim(struct vhost_mdev *vd)
{
	spin_lock(&vd->user_lock);
	vd->path = NULL;
	/* Under the lock, which the remover takes to check @path */
	wake_up(&vd->left);
	spin_unlock(&vd->user_lock);
}
