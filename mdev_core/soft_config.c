// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software devices: telling the driver that configuration or status have changed.
 */

#include <linux/lockdep.h>
#include <linux/module.h>

#include "soft_private.h"

static void mdev_soft_tell_config(struct mdev_soft *soft)
{
	lockdep_assert_held(&soft->cb_lock);
	if (!soft->config_changed || soft->suspended || !mdev_soft_live(soft))
		return;
	soft->config_changed = false;
	if (soft->cb.callback)
		soft->cb.callback(soft->cb.private);
}

/**
 * mdev_soft_config_changed() - tell the driver to read configuration and status
 * @soft: the device
 *
 * A driver that has not set DRIVER_OK yet does not expect to hear from the
 * device (virtio 1.2, section 2.1.2) and is told when it has set it.  While the device
 * is suspended the driver may be on its way to another host, so it is told by resume.
 *
 * Context: process or softirq context with interrupts on; or
 * &mdev_soft_desc.serve, wherever that is called.
 */
void mdev_soft_config_changed(struct mdev_soft *soft)
{
	if (mdev_soft_in_serve(soft)) {
		mdev_worker_queue(&soft->worker, &soft->config_work);
		return;
	}
	spin_lock_bh(&soft->cb_lock);
	soft->config_changed = true;
	mdev_soft_tell_config(soft);
	spin_unlock_bh(&soft->cb_lock);
}
EXPORT_SYMBOL_GPL(mdev_soft_config_changed);

/**
 * mdev_soft_config_work() - mdev_soft_config_changed(), by the worker
 * @work: that of the device
 */
void mdev_soft_config_work(struct mdev_work *work)
{
	mdev_soft_config_changed(container_of(work, struct mdev_soft,
					      config_work));
}

/**
 * mdev_soft_config_live() - tell the driver what could not be told before
 * @soft: the device, which has DRIVER_OK now
 *
 * Context: process context.
 */
void mdev_soft_config_live(struct mdev_soft *soft)
{
	/* If anyone saw no DRIVER_OK under this lock, its change is seen here. */
	spin_lock_bh(&soft->cb_lock);
	mdev_soft_tell_config(soft);
	spin_unlock_bh(&soft->cb_lock);
}

/**
 * mdev_soft_config_suspend() - hold back what the driver is to be told, or tell it
 * @soft: the device
 * @suspended: whether it is suspended from now on
 *
 * When the device is suspended, a callback does not run any more.
 *
 * Context: process context, serialised by the class driver.
 */
void mdev_soft_config_suspend(struct mdev_soft *soft, bool suspended)
{
	spin_lock_bh(&soft->cb_lock);
	soft->suspended = suspended;
	mdev_soft_tell_config(soft);
	spin_unlock_bh(&soft->cb_lock);
}

/**
 * mdev_soft_config_reset() - forget what the driver has not been told
 * @soft: the device
 *
 * A driver that starts again reads everything.
 *
 * Context: process context.
 */
void mdev_soft_config_reset(struct mdev_soft *soft)
{
	spin_lock_bh(&soft->cb_lock);
	soft->config_changed = false;
	soft->suspended = false;
	spin_unlock_bh(&soft->cb_lock);
}
