// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvnet: doorbells that a user may map.  Writing to a page of memory triggers
 * nothing, so a timer polls all doorbells.  That is good enough to test programs
 * that ring a doorbell by writing to it, and for nothing else.
 */

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ktime.h>

#include "mvnet.h"

#define MVNET_DOORBELL_PERIOD	NSEC_PER_MSEC
/* No queue has this index in either half. */
#define MVNET_DOORBELL_IDLE	(~0U)

static enum hrtimer_restart mvnet_doorbell_poll(struct hrtimer *timer)
{
	struct mvnet *net = container_of(timer, struct mvnet, doorbell_timer);
	struct mdev_class_device *cdev = net->base.soft.cdev;
	unsigned int i;

	for (i = 0; i < net->base.soft.desc->nr_vqs; i++) {
		u32 *doorbell = net->doorbells[i];

		/* A write of 16 or 32 bits changes it, whatever it writes. */
		if (READ_ONCE(*doorbell) != MVNET_DOORBELL_IDLE &&
		    xchg(doorbell, MVNET_DOORBELL_IDLE) != MVNET_DOORBELL_IDLE)
			cdev->ops->kick_vq(cdev, i);
	}
	if (!READ_ONCE(net->doorbell_on))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(MVNET_DOORBELL_PERIOD));
	return HRTIMER_RESTART;
}

/**
 * mvnet_doorbell_init() - make doorbells, if the module parameter asks for them
 * @net: the instance
 *
 * Return: 0 or -ENOMEM; the caller has to call mvnet_doorbell_destroy() in both
 * cases.
 */
int mvnet_doorbell_init(struct mvnet *net)
{
	unsigned int i;

	hrtimer_setup(&net->doorbell_timer, mvnet_doorbell_poll,
		      CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	if (!mvnet_doorbell)
		return 0;

	for (i = 0; i < net->base.soft.desc->nr_vqs; i++) {
		net->doorbells[i] = (u32 *)get_zeroed_page(GFP_KERNEL);
		if (!net->doorbells[i])
			return -ENOMEM;
		*net->doorbells[i] = MVNET_DOORBELL_IDLE;
	}
	return 0;
}

/**
 * mvnet_doorbell_destroy() - undo mvnet_doorbell_init()
 * @net: the instance; nobody has the doorbells mapped any more
 */
void mvnet_doorbell_destroy(struct mvnet *net)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(net->doorbells); i++)
		free_page((unsigned long)net->doorbells[i]);
}

/**
 * mvnet_doorbell_start() - start to poll the doorbells
 * @soft: the instance
 *
 * Context: process context.
 */
void mvnet_doorbell_start(struct mdev_soft *soft)
{
	struct mvnet *net = soft_to_mvnet(soft);

	if (!mvnet_doorbell)
		return;
	WRITE_ONCE(net->doorbell_on, true);
	hrtimer_start(&net->doorbell_timer, ns_to_ktime(MVNET_DOORBELL_PERIOD),
		      HRTIMER_MODE_REL_SOFT);
}

/**
 * mvnet_doorbell_stop() - stop polling the doorbells
 * @soft: the instance
 *
 * Context: process context; sleeps.
 */
void mvnet_doorbell_stop(struct mdev_soft *soft)
{
	struct mvnet *net = soft_to_mvnet(soft);

	WRITE_ONCE(net->doorbell_on, false);
	hrtimer_cancel(&net->doorbell_timer);
}

int mvnet_get_vq_notification(struct mdev_soft *soft, u16 idx,
			      struct virtio_mdev_notification_area *area)
{
	u32 *doorbell = soft_to_mvnet(soft)->doorbells[idx];

	if (!doorbell)
		return -EOPNOTSUPP;
	area->addr = virt_to_phys(doorbell);
	area->size = PAGE_SIZE;
	return 0;
}
