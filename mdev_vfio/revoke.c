// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removal of a device: its user is asked to close it, and after a while the device
 * is revoked.
 */

#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/mdev_class.h>
#include <linux/mdev_session.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "session.h"
#include "user.h"

/* How often the user is asked, and the log says what the remover waits for */
#define MDEV_SESSION_ASK_PERIOD		(10 * HZ)

/* How often a waiting remover checks whether it is being killed or frozen */
#define MDEV_SESSION_LOOK_PERIOD	(HZ / 10)

/* How often it tries to get the lock of a device that it revokes */
#define MDEV_SESSION_TRY_PERIOD		(HZ / 50 + 1)

static bool mdev_session_used(struct mdev_session *s)
{
	bool used;

	spin_lock(&s->user_lock);
	used = s->path_name;
	spin_unlock(&s->user_lock);
	return used;
}

static void mdev_session_ask(struct mdev_session *s)
{
	char name[MDEV_SESSION_USER_NAME];
	bool asked = s->ops->ask && s->ops->ask(s);

	spin_lock(&s->user_lock);
	if (s->path_name)
		dev_notice(&s->cdev->dev,
			   "the removal waits for %s to close the %s, which it %s\n",
			   mdev_session_user_name(s, name, sizeof(name)),
			   s->path_name,
			   asked ? "was asked to" : "cannot be asked to");
	spin_unlock(&s->user_lock);
}

/*
 * The remover holds device locks, and a system suspend would wait for them if the
 * remover were frozen while it waits.  So it stops waiting when it is to be frozen,
 * and also when it is killed.
 */
static bool mdev_session_hurried(void)
{
	return fatal_signal_pending(current) || freezing(current);
}

/* Returns whether there is no user any more. */
static bool mdev_session_wait_user(struct mdev_session *s, unsigned long grace)
{
	unsigned long now = jiffies, end = now + grace, ask = now;

	while (mdev_session_used(s)) {
		now = jiffies;
		if (time_after_eq(now, ask)) {
			mdev_session_ask(s);
			ask = now + MDEV_SESSION_ASK_PERIOD;
		}
		if (time_after_eq(now, end) || mdev_session_hurried())
			return false;
		wait_event_killable_timeout(s->left, !mdev_session_used(s),
					    MDEV_SESSION_LOOK_PERIOD);
	}
	return true;
}

/*
 * Kill the task of the user's that holds the lock for too long.  Returns whether
 * there was one.
 */
static bool mdev_session_kill_locker(struct mdev_session *s)
{
	bool found;

	spin_lock(&s->user_lock);
	found = s->locker;
	if (found) {
		dev_warn(&s->cdev->dev,
			 "%s[%d] does not come back from a call on the device, which is being revoked: killed\n",
			 s->locker->comm, task_pid_nr(s->locker));
		/* The task exists, because it still holds the lock. */
		send_sig(SIGKILL, s->locker, 1);
	}
	spin_unlock(&s->user_lock);
	return found;
}

/*
 * No call on the device begins any more.  One in progress may wait for something
 * that the user provides, such as the content of a page, and so may never end.
 */
static void mdev_session_lock_revoked(struct mdev_session *s,
				      unsigned long grace)
{
	unsigned long patience = max_t(unsigned long, HZ, grace);
	unsigned long begin = jiffies;
	bool killed = false;

	while (!mutex_trylock(&s->lock)) {
		if (mdev_session_hurried())
			patience = HZ;
		if (!killed && time_after_eq(jiffies, begin + patience))
			killed = mdev_session_kill_locker(s);
		schedule_timeout_idle(MDEV_SESSION_TRY_PERIOD);
	}
}

static void mdev_session_revoke(struct mdev_session *s, unsigned long grace)
{
	char name[MDEV_SESSION_USER_NAME];

	WRITE_ONCE(s->revoked, true);
	mdev_session_lock_revoked(s, grace);
	if (s->opened) {
		spin_lock(&s->user_lock);
		dev_warn(&s->cdev->dev,
			 "%s did not close the %s: the device is revoked\n",
			 mdev_session_user_name(s, name, sizeof(name)),
			 s->path_name);
		spin_unlock(&s->user_lock);
		if (s->ops->hang_up)
			s->ops->hang_up(s);
		mdev_session_end(s);
	}
	mutex_unlock(&s->lock);
	mdev_doorbells_revoke(&s->doorbells);
	wake_up_interruptible_poll(&s->hangup, EPOLLHUP | EPOLLERR);

	/* Wait for kicks, which take no lock. */
	synchronize_rcu();
	mutex_lock(&s->lock);
	s->cdev = NULL;
	mutex_unlock(&s->lock);
}

/**
 * mdev_session_retire() - end all use of the instance
 * @s: the device
 * @grace: how long to wait, in seconds
 *
 * Waits for the user to close the device.  A user that does not keeps
 * only a file whose calls fail with -ENODEV: the device is reset, the user's
 * memory unpinned and the doorbells unmapped.
 *
 * When this returns, @s->cdev is NULL, and the parent's module is not pinned.
 *
 * Context: process context, called by the remover, with device locks held; sleeps.
 */
void mdev_session_retire(struct mdev_session *s, unsigned int grace)
{
	unsigned long ticks = min_t(u64, (u64)grace * HZ, MAX_JIFFY_OFFSET);

	spin_lock(&s->user_lock);
	/* Pairs with READ_ONCE() in a match operation, which has no lock */
	WRITE_ONCE(s->leaving, true);
	spin_unlock(&s->user_lock);

	mdev_session_wait_user(s, ticks);
	mdev_session_revoke(s, ticks);
}
EXPORT_SYMBOL_GPL(mdev_session_retire);
