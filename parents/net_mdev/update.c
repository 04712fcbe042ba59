// SPDX-License-Identifier: GPL-2.0-only
/*
 * net_mdev: the network device follows the driver.
 *
 * What the stack may send depends on what the driver has negotiated, and can only be
 * changed under the rtnl, while the driver may hold that where it changes something.
 */

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/sch_generic.h>

#include "net_mdev.h"

/*
 * Jiffies for each update, and how many may be made at once: a driver may make changes
 * in a loop, and everybody else at this host needs the rtnl, too.
 */
#define NET_MDEV_UPDATE_PAUSE	(HZ / 50 + 1)
#define NET_MDEV_UPDATE_BURST	10

/* Pairs that are in use: the first ones */
static unsigned int net_mdev_nr_on(const struct net_mdev *nm)
{
	unsigned int i;

	for (i = 1; i < READ_ONCE(nm->net.max_pairs); i++)
		if (mdev_soft_net_pair_state(&nm->net, i) !=
		    MDEV_SOFT_NET_PAIR_ON)
			break;
	return i;
}

/*
 * Without a carrier nothing reaches the driver, see net_mdev_start_xmit().  So what waits
 * in a qdisc was not sent to this driver, but to the one before it.
 */
static void net_mdev_forget(struct net_device *dev)
{
	ASSERT_RTNL();
	qdisc_reset_all_tx_gt(dev, 0);
	/* Others may have taken a frame out of it before. */
	synchronize_net();
}

/* The driver that was live before everything else was updated is number @use. */
static void net_mdev_update_carrier(struct net_mdev *nm, bool live,
				    unsigned int use)
{
	if (live && !netif_carrier_ok(nm->dev))
		net_mdev_forget(nm->dev);
	spin_lock_bh(&nm->carrier_lock);
	/* If the driver is another one by now, there is one more update. */
	live &= nm->live && nm->use == use;
	if (live && mdev_soft_net_link_is_up(&nm->net))
		netif_carrier_on(nm->dev);
	else
		netif_carrier_off(nm->dev);
	spin_unlock_bh(&nm->carrier_lock);
}

/**
 * net_mdev_update() - have features, queues and carrier follow the driver
 * @work: that of the instance
 *
 * Queued by net_mdev_update_soon() whenever one of them may have changed.
 *
 * Context: process context; takes the rtnl.
 */
void net_mdev_update(struct work_struct *work)
{
	struct net_mdev *nm = container_of(to_delayed_work(work),
					   struct net_mdev, update);
	struct net_device *dev = nm->dev;
	unsigned long due = nm->update_due;
	unsigned int use;
	bool live;

	if (time_before(due, jiffies))
		due = jiffies;
	WRITE_ONCE(nm->update_due, due + NET_MDEV_UPDATE_PAUSE);
	spin_lock_bh(&nm->carrier_lock);
	live = nm->live;
	use = nm->use;
	spin_unlock_bh(&nm->carrier_lock);

	rtnl_lock();
	if (dev->reg_state != NETREG_REGISTERED)
		goto out;
	netif_set_real_num_tx_queues(dev, net_mdev_nr_on(nm));
	netdev_update_features(dev);
	/* Last, because frames come from then on. */
	net_mdev_update_carrier(nm, live, use);
out:
	rtnl_unlock();
}

/**
 * net_mdev_update_soon() - have net_mdev_update() called
 * @nm: the instance, something of which has changed
 *
 * At once, unless there were many a moment ago.
 *
 * Context: any.
 */
void net_mdev_update_soon(struct net_mdev *nm)
{
	long early = READ_ONCE(nm->update_due) - jiffies -
		     NET_MDEV_UPDATE_BURST * NET_MDEV_UPDATE_PAUSE;

	schedule_delayed_work(&nm->update, max(early, 0L));
}
