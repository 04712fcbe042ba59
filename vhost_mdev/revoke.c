// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removal of a device: its user is asked to close it, and after a while the device
 * is revoked.
 */

#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/mdev_class.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "config.h"
#include "device.h"
#include "eventfd.h"
#include "path.h"
#include "revoke.h"
#include "user.h"
#include "vfio.h"

/* How often the user is asked, and the log says what the remover waits for */
#define VHOST_MDEV_ASK_PERIOD	(10 * HZ)

/* How often a waiting remover checks whether it is being killed or frozen */
#define VHOST_MDEV_LOOK_PERIOD	(HZ / 10)

/* How often it tries to get the lock of a device that it revokes */
#define VHOST_MDEV_TRY_PERIOD	(HZ / 50 + 1)

static unsigned int remove_grace = 30;
module_param(remove_grace, uint, 0644);
MODULE_PARM_DESC(remove_grace, "seconds that the user of an instance has to close it when it is removed, before the device is revoked; 0 revokes it at once (default: 30)");

static unsigned long vhost_mdev_grace(void)
{
	return min_t(u64, (u64)READ_ONCE(remove_grace) * HZ, MAX_JIFFY_OFFSET);
}

static bool vhost_mdev_used(struct vhost_mdev *vd)
{
	bool used;

	spin_lock(&vd->user_lock);
	used = vd->path;
	spin_unlock(&vd->user_lock);
	return used;
}

static void vhost_mdev_ask(struct vhost_mdev *vd)
{
	char name[VHOST_MDEV_USER_NAME];
	bool asked = vhost_mdev_vfio_request(vd);

	spin_lock(&vd->user_lock);
	if (vd->path)
		dev_notice(&vd->cdev->dev,
			   "the removal waits for %s to close the %s, which it %s\n",
			   vhost_mdev_user_name(vd, name, sizeof(name)),
			   vd->path->name,
			   asked ? "was asked to" : "cannot be asked to");
	spin_unlock(&vd->user_lock);
}

/*
 * The remover holds device locks, and a system suspend would wait for them if the
 * remover were frozen while it waits.  So it stops waiting when it is to be frozen,
 * and also when it is killed.
 */
static bool vhost_mdev_hurried(void)
{
	return fatal_signal_pending(current) || freezing(current);
}

/* Returns whether there is no user any more. */
static bool vhost_mdev_wait_user(struct vhost_mdev *vd)
{
	unsigned long now = jiffies, end = now + vhost_mdev_grace(), ask = now;

	while (vhost_mdev_used(vd)) {
		now = jiffies;
		if (time_after_eq(now, ask)) {
			vhost_mdev_ask(vd);
			ask = now + VHOST_MDEV_ASK_PERIOD;
		}
		if (time_after_eq(now, end) || vhost_mdev_hurried())
			return false;
		wait_event_killable_timeout(vd->left, !vhost_mdev_used(vd),
					    VHOST_MDEV_LOOK_PERIOD);
	}
	return true;
}

/*
 * Kill the task of the user's that holds the lock for too long.  Returns whether
 * there was one.
 */
static bool vhost_mdev_kill_locker(struct vhost_mdev *vd)
{
	bool found;

	spin_lock(&vd->user_lock);
	found = vd->locker;
	if (found) {
		dev_warn(&vd->cdev->dev,
			 "%s[%d] does not come back from a call on the device, which is being revoked: killed\n",
			 vd->locker->comm, task_pid_nr(vd->locker));
		/* The task exists, because it still holds the lock. */
		send_sig(SIGKILL, vd->locker, 1);
	}
	spin_unlock(&vd->user_lock);
	return found;
}

/*
 * No call on the device begins any more.  One in progress may wait for something
 * that the user provides, such as the content of a page, and so may never end.
 */
static void vhost_mdev_lock_revoked(struct vhost_mdev *vd)
{
	unsigned long patience = max_t(unsigned long, HZ, vhost_mdev_grace());
	unsigned long begin = jiffies;
	bool killed = false;

	while (!mutex_trylock(&vd->lock)) {
		if (vhost_mdev_hurried())
			patience = HZ;
		if (!killed && time_after_eq(jiffies, begin + patience))
			killed = vhost_mdev_kill_locker(vd);
		schedule_timeout_idle(VHOST_MDEV_TRY_PERIOD);
	}
}

static void vhost_mdev_revoke(struct vhost_mdev *vd)
{
	char name[VHOST_MDEV_USER_NAME];

	WRITE_ONCE(vd->revoked, true);
	vhost_mdev_lock_revoked(vd);
	if (vd->opened) {
		spin_lock(&vd->user_lock);
		dev_warn(&vd->cdev->dev,
			 "%s did not close the %s: the device is revoked\n",
			 vhost_mdev_user_name(vd, name, sizeof(name)),
			 vd->path->name);
		spin_unlock(&vd->user_lock);
		vhost_mdev_vqs_hang_up(vd);
		vhost_mdev_config_hang_up(vd);
		vhost_mdev_end_use(vd);
	}
	mutex_unlock(&vd->lock);
	mdev_doorbells_revoke(&vd->doorbells);
	wake_up_interruptible_poll(&vd->hangup, EPOLLHUP | EPOLLERR);

	/* Wait for kicks, which take no lock. */
	synchronize_rcu();
	mutex_lock(&vd->lock);
	vd->cdev = NULL;
	mutex_unlock(&vd->lock);
}

/**
 * vhost_mdev_retire() - end all use of the instance
 * @vd: the device
 *
 * Waits for a while for the user to close the device.  A user that does not keeps
 * only a file whose calls fail with -ENODEV: the device is reset, the user's
 * memory unpinned and the doorbells unmapped.
 *
 * When this returns, @vd->cdev is NULL, and the parent's module is not pinned.
 *
 * Context: process context, called by the remover, with device locks held; sleeps.
 */
void vhost_mdev_retire(struct vhost_mdev *vd)
{
	spin_lock(&vd->user_lock);
	/* Pairs with READ_ONCE() in vhost_mdev_vfio_match(), which has no lock */
	WRITE_ONCE(vd->leaving, true);
	spin_unlock(&vd->user_lock);

	vhost_mdev_wait_user(vd);
	vhost_mdev_revoke(vd);
}
