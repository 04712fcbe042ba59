/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MVNET_H
#define _MVNET_H

#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/if_ether.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/virtio_net.h>

#include <linux/mdev_class.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_soft.h>
#include <linux/mdev_vq.h>
#include <linux/mdev_vq_section.h>
#include <linux/mdev_worker.h>

#include "filter.h"
#include "saved.h"

/* QEMU and libblkio set up rings of 1024 without asking. */
#define MVNET_NUM_MAX		1024
#define MVNET_MAX_PAIRS		8
#define MVNET_MAX_VQS		(2 * MVNET_MAX_PAIRS + 1)

/* VERSION_1 is required, so the header always has num_buffers. */
#define MVNET_HDR_LEN		sizeof(struct virtio_net_hdr_v1)

/* The largest IP packet there is, and its Ethernet header, rounded up */
#define MVNET_MAX_FRAME		65550

/* Receive chains that one frame may take */
#define MVNET_MAX_MERGE		256

/* Microseconds that a pair may be polled for at most before its worker sleeps */
#define MVNET_MAX_BUSY_POLL	10000

/**
 * enum mvnet_mac_by - who sets the device's address, and how long that lasts
 * @MVNET_MAC_BY_ADMIN: the sysfs attribute, or a random address at first: as long
 *	as the instance exists
 * @MVNET_MAC_BY_USER: a write to the configuration space: until the user closes the
 *	device.  QEMU does so once, and resets the device whenever its guest does.
 * @MVNET_MAC_BY_DRIVER: the control queue: until the device is reset
 * @MVNET_MAC_NR: how many there are
 *
 * Ordered by how long they last, the longest first.
 */
enum mvnet_mac_by {
	MVNET_MAC_BY_ADMIN,
	MVNET_MAC_BY_USER,
	MVNET_MAC_BY_DRIVER,
	MVNET_MAC_NR,
};

/**
 * enum mvnet_pair_state - what the driver has requested for a queue pair
 * @MVNET_PAIR_UNUSED: nothing yet.  Frames wait: a user that continues where
 *	another device was stopped may not have repeated the driver's request yet.
 * @MVNET_PAIR_ON: it is in use.
 * @MVNET_PAIR_OFF: it was switched off.  Its receive queue gets nothing more
 *	(virtio 1.2, section 5.1.6.5, on multiqueue mode), so what is left in
 *	the transmit queue is dropped: it might wait forever.
 */
enum mvnet_pair_state {
	MVNET_PAIR_UNUSED,
	MVNET_PAIR_ON,
	MVNET_PAIR_OFF,
};

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
 * struct mvnet_pair - a receive and a transmit queue, and what serves them
 * @net: the instance
 * @rx: receive queue
 * @tx: transmit queue, whose frames go to @rx
 * @index: of the pair
 * @state: set by the control queue
 * @worker: of this pair alone; started with the first of its queues, stopped
 *	by a reset
 * @work: one run over the pair
 * @lock: if the driver's memory is direct, held while the pair is served, by
 *	@worker or in the context of a kick; otherwise only @worker serves it
 * @section: the read section in which both queues are served; this and what follows
 *	is used only while the pair is served
 * @tx_chain: the frame at hand
 * @tx_segs: its pieces
 * @rx_chains: the receive buffers that it goes to
 * @rx_segs: their pieces, one array for all, so that they are written as one
 * @nr_rx: how many of @rx_chains are taken
 * @nr_rx_segs: how many of @rx_segs are
 * @nr_rx_descs: how many descriptors were read for them
 * @cost: of the run so far, see mdev_vq_chain_cost()
 * @bounce: room for a header and a frame, where it has to be looked at or cannot be copied
 *	directly
 */
struct mvnet_pair {
	struct mvnet *net;
	struct mdev_vq *rx;
	struct mdev_vq *tx;
	unsigned int index;
	enum mvnet_pair_state state;
	struct mdev_worker worker;
	struct mdev_work work;

	/* one at a time serves the pair, see above */
	spinlock_t lock;
	struct mdev_vq_section section;
	struct mdev_vq_chain tx_chain;
	struct mdev_vq_seg *tx_segs;
	struct mdev_vq_chain *rx_chains;
	struct mdev_vq_seg *rx_segs;
	unsigned int nr_rx;
	unsigned int nr_rx_segs;
	unsigned int nr_rx_descs;
	u64 cost;
	void *bounce;
};

/**
 * struct mvnet_ctrl - the control queue
 * @work: serves the queue if the context of the kick does not allow that
 * @lock: if the driver's memory is direct, held while the queue is served;
 *	otherwise only @work serves it
 * @segs: pieces of the command at hand
 * @uni: half of a table while it is read
 * @multi: the other half
 */
struct mvnet_ctrl {
	struct mdev_work work;
	/* one task at a time serves the control queue, see above */
	spinlock_t lock;
	struct mdev_vq_seg *segs;
	struct mvnet_macs uni;
	struct mvnet_macs multi;
};

/**
 * struct mvnet - an instance
 * @soft: what it shares with other software devices; its virtqueues are rx0,
 *	tx0, rx1, tx1... and the control queue
 * @max_pairs: queue pairs of the type
 * @busy_poll: microseconds for which a worker that has nothing to do looks for
 *	more before it asks for a kick and sleeps; 0 for none
 * @filtered: frames that the receive filter has dropped
 * @pairs: queue pairs
 * @ctrl: control queue
 * @state_lock: guards @mac, @macs, @draft, @mac_by, @net_status, @generation and
 *	@filter.  Writers are the sysfs attributes, the control queue and the
 *	class driver; readers the workers, once for each frame, and the driver.
 *	Writers disable interrupts, because a read may come from any context.
 * @mac: the device's address
 * @macs: the addresses that were set; the index is &enum mvnet_mac_by
 * @draft: an address that is being written to the configuration space; the same as
 *	@mac before that begins and once the address is complete
 * @mac_by: a bit for each of @macs that is set; the highest one is for @mac
 * @mtu: what the administrator wants
 * @driver_mtu: what the driver is told: @mtu at the last reset, because it may
 *	not change under a driver (virtio 1.2, section 5.1.4.1)
 * @net_status: VIRTIO_NET_S_*
 * @generation: of the configuration space
 * @filter: receive filter
 * @doorbells: for each virtqueue a page that a user may map and write the queue's
 *	index to, if the module parameter asks for it
 * @doorbell_timer: polls the doorbells while the device is live
 * @doorbell_on: the timer is to continue
 */
struct mvnet {
	struct mdev_soft soft;
	unsigned int max_pairs;
	unsigned int busy_poll;
	atomic64_t filtered;

	struct mvnet_pair pairs[MVNET_MAX_PAIRS];
	struct mvnet_ctrl ctrl;

	seqlock_t state_lock;
	u8 mac[ETH_ALEN] __aligned(2);
	u8 macs[MVNET_MAC_NR][ETH_ALEN] __aligned(2);
	u8 draft[ETH_ALEN] __aligned(2);
	unsigned int mac_by;
	u16 mtu;
	u16 driver_mtu;
	u16 net_status;
	u32 generation;
	struct mvnet_filter filter;

	u32 *doorbells[MVNET_MAX_VQS];
	struct hrtimer doorbell_timer;
	bool doorbell_on;
};

static inline struct mvnet *soft_to_mvnet(struct mdev_soft *soft)
{
	return container_of(soft, struct mvnet, soft);
}

static inline struct mvnet *to_mvnet(const struct mdev_class_device *cdev)
{
	return soft_to_mvnet(mdev_soft_of(cdev));
}

static inline bool mvnet_has(const struct mvnet *net, unsigned int bit)
{
	return mdev_soft_has(&net->soft, bit);
}

/*
 * Queue pairs in use: the control queue comes right after the first one if the
 * driver did not take MQ, however many the device has (section 5.1.2).
 */
static inline unsigned int mvnet_nr_pairs(const struct mvnet *net)
{
	return mvnet_has(net, VIRTIO_NET_F_MQ) ? net->max_pairs : 1;
}

static inline bool mvnet_is_ctrl(const struct mvnet *net, u16 idx)
{
	return idx == 2 * mvnet_nr_pairs(net) &&
	       mvnet_has(net, VIRTIO_NET_F_CTRL_VQ);
}

/*
 * Whether the driver's memory looks as if it could be used in any context.  This is
 * only a hint, because the class driver may change: code that has claimed a queue
 * checks that queue's memory.
 */
static inline bool mvnet_is_direct(const struct mvnet *net)
{
	const struct mdev_mem *mem = READ_ONCE(net->soft.cdev->mem);

	return mem && mem->direct;
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

/* features.c */
int mvnet_check_features(struct mdev_soft *soft, u64 features);

/* worker.c */
int mvnet_pair_prepare(struct mvnet_pair *pair);
void mvnet_pair_wake(struct mvnet *net, unsigned int index);
void mvnet_pair_kick(struct mvnet *net, unsigned int index);
void mvnet_wake_pairs(struct mvnet *net);
void mvnet_pair_init(struct mvnet_pair *pair, struct mvnet *net,
		     unsigned int index);
void mvnet_pair_reset(struct mvnet_pair *pair);
int mvnet_set_vq_affinity(struct mdev_soft *soft, u16 idx,
			  const struct cpumask *mask);
const struct cpumask *mvnet_get_vq_affinity(struct mdev_soft *soft, u16 idx);

/* header.c */
bool mvnet_hdr_valid(const struct mvnet *net, struct virtio_net_hdr_v1 *hdr,
		     u32 len);
void mvnet_complete_csum(struct virtio_net_hdr_v1 *hdr, void *frame, u32 len);

/* filter.c */
bool mvnet_accepts(struct mvnet *net, const u8 *dest);
void mvnet_filter_reset(struct mvnet *net);

/* forward.c */
enum mvnet_next mvnet_pair_run(struct mvnet_pair *pair, bool poll);

/* ctrl.c */
int mvnet_ctrl_prepare(struct mvnet *net);
void mvnet_ctrl_kick(struct mvnet *net);
void mvnet_ctrl_init(struct mvnet *net);
void mvnet_ctrl_reset(struct mvnet *net);
void mvnet_pairs_reset(struct mvnet *net);

/* config.c */
void mvnet_get_config(struct mdev_soft *soft, unsigned int offset, void *buf,
		      unsigned int len);
void mvnet_set_config(struct mdev_soft *soft, unsigned int offset,
		      const void *buf, unsigned int len);
u32 mvnet_get_generation(struct mdev_soft *soft);
void mvnet_set_mac_locked(struct mvnet *net, enum mvnet_mac_by by,
			  const u8 *mac);
void mvnet_set_mac(struct mvnet *net, enum mvnet_mac_by by, const u8 *mac);
void mvnet_end_mac(struct mvnet *net, enum mvnet_mac_by by);
void mvnet_get_mac(struct mvnet *net, u8 *mac);
bool mvnet_change_net_status(struct mvnet *net, u16 clear, u16 set);

/* state.c */
int mvnet_save(struct mdev_soft *soft, struct mdev_state_writer *w);
int mvnet_load(struct mdev_soft *soft, struct mdev_state_reader *r);

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
