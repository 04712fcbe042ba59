/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MVNET_H
#define _MVNET_H

#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/if_ether.h>

#include <linux/mdev_class.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_soft_net.h>
#include <linux/mdev_soft_net_bufs.h>
#include <linux/mdev_turn.h>
#include <linux/mdev_visit.h>
#include <linux/mdev_vq.h>
#include <linux/mdev_vq_section.h>
#include <linux/mdev_worker.h>

/* QEMU and libblkio set up rings of 1024 without asking. */
#define MVNET_NUM_MAX		1024
#define MVNET_MAX_PAIRS		8
#define MVNET_MAX_VQS		(2 * MVNET_MAX_PAIRS + 1)

/* The largest MTU that is offered */
#define MVNET_MAX_MTU		9000

/* The largest IP packet there is, and its Ethernet header, rounded up */
#define MVNET_MAX_FRAME		65550

/* Microseconds that a pair may be polled for at most before its worker sleeps */
#define MVNET_MAX_BUSY_POLL	10000

/**
 * enum mvnet_next - what comes after a run over a queue pair
 * @MVNET_NEXT_KICK: nothing, until the driver kicks
 * @MVNET_NEXT_POLL: there is nothing to do, and the driver has not been asked for
 *	a kick: look again, or run once more without polling
 * @MVNET_NEXT_RUN: another run
 */
enum mvnet_next {
	MVNET_NEXT_KICK,
	MVNET_NEXT_POLL,
	MVNET_NEXT_RUN,
};

/**
 * enum mvnet_server - who serves a pair
 * @MVNET_WORKER: its worker; may sleep
 * @MVNET_KICK: whoever kicks, in any context, with memory of the kernel's own drivers
 * @MVNET_TASK: a task of the program that kicks, on its way back to it; it does not wait
 *	for memory
 */
enum mvnet_server {
	MVNET_WORKER,
	MVNET_KICK,
	MVNET_TASK,
};

/**
 * struct mvnet_pair - a receive and a transmit queue, and what serves them
 * @net: the instance
 * @rx: receive queue
 * @tx: transmit queue, whose frames go to @rx
 * @index: of the pair
 * @worker: of this pair alone; started with the first of its queues, stopped
 *	by a reset
 * @work: one run over the pair
 * @turn: to serve the pair: of @worker, or of whoever kicks
 * @visits: of the receive and of the transmit queue: have the pair served in the task of a
 *	program that kicks.  One for each, because the other queue may be broken
 * @deep: many frames come together, so that they are left to @worker; this and what
 *	follows is used only by whoever has @turn
 * @together: frames that @worker has passed on since it was woken
 * @tries: kicks that were served by a task, or might have been
 * @served: frames of the last run
 * @section: the read section in which both queues are served
 * @tx_chain: the frame at hand
 * @tx_segs: its pieces
 * @bufs: the receive buffers that it goes to
 * @cost: of the run so far, see mdev_vq_chain_cost()
 * @bounce: room for a header and a frame, where it has to be looked at or cannot be copied
 *	directly
 */
struct mvnet_pair {
	struct mvnet *net;
	struct mdev_vq *rx;
	struct mdev_vq *tx;
	unsigned int index;
	struct mdev_worker worker;
	struct mdev_work work;

	struct mdev_turn turn;
	struct mdev_visit *visits[2];

	/* one at a time serves the pair, see above */
	bool deep;
	unsigned int together;
	unsigned int tries;
	unsigned int served;
	struct mdev_vq_section section;
	struct mdev_vq_chain tx_chain;
	struct mdev_vq_seg *tx_segs;
	struct mdev_soft_net_bufs bufs;
	u64 cost;
	void *bounce;
};

/**
 * struct mvnet - an instance
 * @base: what it shares with other software network devices
 * @busy_poll: microseconds for which a worker that has nothing to do looks for
 *	more before it asks for a kick and sleeps; 0 for none
 * @pairs: queue pairs
 * @doorbells: for each virtqueue a page that a user may map and write the queue's
 *	index to, if the module parameter asks for it
 * @doorbell_timer: polls the doorbells while the device is live
 * @doorbell_on: the timer is to continue
 */
struct mvnet {
	struct mdev_soft_net base;
	unsigned int busy_poll;

	struct mvnet_pair pairs[MVNET_MAX_PAIRS];

	u32 *doorbells[MVNET_MAX_VQS];
	struct hrtimer doorbell_timer;
	bool doorbell_on;
};

static inline struct mvnet *net_to_mvnet(struct mdev_soft_net *net)
{
	return container_of(net, struct mvnet, base);
}

static inline struct mvnet *soft_to_mvnet(struct mdev_soft *soft)
{
	return net_to_mvnet(soft_to_net(soft));
}

static inline struct mvnet *to_mvnet(const struct mdev_class_device *cdev)
{
	return soft_to_mvnet(mdev_soft_of(cdev));
}

/* params.c */
extern unsigned int mvnet_mtu;
extern unsigned int mvnet_max_instances;
extern bool mvnet_doorbell;
extern unsigned int mvnet_busy_poll;
extern unsigned long long mvnet_features_off;
int mvnet_check_parameters(void);

/* instance.c */
extern const struct mdev_class_parent_ops mvnet_parent_ops;

/* ops.c */
extern const struct mdev_soft_desc mvnet_one_pair;
extern const struct mdev_soft_desc mvnet_eight_pairs;
extern const struct mdev_soft_net_ops mvnet_net_ops;

/* worker.c */
int mvnet_pair_prepare(struct mvnet_pair *pair);
void mvnet_pair_wake(struct mvnet *net, unsigned int index);
void mvnet_pair_kick(struct mvnet *net, u16 idx);
void mvnet_wake_pairs(struct mvnet *net);
int mvnet_pair_init(struct mvnet_pair *pair, struct mvnet *net,
		    unsigned int index);
void mvnet_pair_destroy(struct mvnet_pair *pair);
void mvnet_pair_reset(struct mvnet_pair *pair);
int mvnet_set_vq_affinity(struct mdev_soft *soft, u16 idx,
			  const struct cpumask *mask);
const struct cpumask *mvnet_get_vq_affinity(struct mdev_soft *soft, u16 idx);

/* forward.c */
enum mvnet_next mvnet_pair_run(struct mvnet_pair *pair, bool poll);

/* sysfs.c */
extern const struct attribute_group *mvnet_groups[];

/* doorbell.c */
int mvnet_doorbell_init(struct mvnet *net);
void mvnet_doorbell_destroy(struct mvnet *net);
void mvnet_doorbell_start(struct mdev_soft *soft);
void mvnet_doorbell_stop(struct mdev_soft *soft);
int mvnet_get_vq_notification(struct mdev_soft *soft, u16 idx,
			      struct virtio_mdev_notification_area *area);

#endif /* _MVNET_H */
