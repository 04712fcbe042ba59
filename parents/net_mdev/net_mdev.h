/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NET_MDEV_H
#define _NET_MDEV_H

#include <linux/irq_work.h>
#include <linux/mm_types.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/virtio_net.h>
#include <linux/workqueue.h>

#include <linux/mdev_class.h>
#include <linux/mdev_mem.h>
#include <linux/mdev_soft.h>
#include <linux/mdev_soft_net.h>
#include <linux/mdev_soft_net_bufs.h>
#include <linux/mdev_vq.h>
#include <linux/mdev_vq_section.h>
#include <linux/mdev_worker.h>

/* QEMU and libblkio set up rings of 1024 without asking. */
#define NET_MDEV_NUM_MAX	1024

/* Queue pairs of the type with several, if there are as many CPUs */
#define NET_MDEV_MAX_PAIRS	8

/* The largest IP packet there is, and its Ethernet header, rounded up */
#define NET_MDEV_MAX_FRAME	65550

/* Frames that are taken from the driver in one section */
#define NET_MDEV_RX_SECTION	16

/*
 * Pages of that size have large frames from the driver in them, and so many that
 * nobody uses are kept for each pair.
 */
#define NET_MDEV_POOL_ORDER	get_order(32 * 1024)
#define NET_MDEV_POOL_PAGE	((u32)PAGE_SIZE << NET_MDEV_POOL_ORDER)
#define NET_MDEV_POOL_SIZE	64

/* Flows for which a device remembers the pair that the driver sends them on */
#define NET_MDEV_FLOWS		1024

/* Milliseconds for which frames wait at most for a driver without buffers */
#define NET_MDEV_MAX_STALL	60000

/**
 * struct net_mdev_counters - what is counted for each direction of a pair
 * @packets: frames that got through
 * @bytes: theirs
 * @dropped: frames that nobody could take
 * @errors: frames that were not valid, or did not fit
 * @deferred: frames that the worker carried, because the driver's memory was not
 *	at hand
 * @stalls: times that frames were dropped because the driver added no buffer
 * @late_signals: signals that the worker was to deliver
 * @xdp_packets: to the driver, frames of XDP programs, of this interface or another one;
 *	they are among @packets, too
 * @xdp_drops: frames that an XDP program dropped; to the driver, frames of XDP programs
 *	that it did not take
 * @xdp_tx: frames that an XDP program returned to the driver
 * @xdp_redirects: frames that an XDP program sent elsewhere
 * @xdp_errors: frames lost because an XDP program failed, or what it wanted could not be
 *	done
 * @xdp_skbs: frames that an XDP program saw as an &struct sk_buff
 *
 * Written only by the user of the direction's virtqueue, or under the lock that
 * determines it; readers see whole values on a 64 bit machine.
 */
struct net_mdev_counters {
	u64 packets;
	u64 bytes;
	u64 dropped;
	u64 errors;
	u64 deferred;
	u64 stalls;
	u64 late_signals;
	u64 xdp_packets;
	u64 xdp_drops;
	u64 xdp_tx;
	u64 xdp_redirects;
	u64 xdp_errors;
	u64 xdp_skbs;
};

static inline void net_mdev_count(u64 *counter, u64 n)
{
	WRITE_ONCE(*counter, *counter + n);
}

/**
 * struct net_mdev_rx - frames from the driver to the network device
 * @vq: the driver's transmit queue
 * @handed: The worker is the user of @vq; otherwise the NAPI poll is.  Each of the
 *	two hands the queue to the other one, as the last thing that it does with it.
 * @work: carries frames that the poll could not read without waiting
 * @section: in which @vq is served; this and what follows belongs to the user of @vq
 * @chain: the frame at hand
 * @segs: its pieces
 * @pool: memory of large frames; only the poll uses it
 * @frag: the same for the worker, or if @pool has none
 * @count: counters
 */
struct net_mdev_rx {
	struct mdev_vq *vq;
	bool handed;
	struct mdev_work work;

	struct mdev_vq_section section;
	struct mdev_vq_chain chain;
	struct mdev_vq_seg *segs;
	struct page_pool *pool;
	struct page_frag frag;
	struct net_mdev_counters count;
};

/**
 * struct net_mdev_tx - frames from the network device to the driver
 * @vq: the driver's receive queue
 * @txq: queue of the network device.  Its lock, which the stack holds when it calls
 *	ndo_start_xmit, guards @handed, @waits, @stalled, @since and @backlog, and
 *	while @handed is clear its holder is the user of @vq.
 * @handed: the worker is the user of @vq
 * @waits: the driver has been asked for a kick when it adds a buffer, and @txq is
 *	stopped until then
 * @stalled: the driver has added no buffer for too long: frames are dropped until
 *	it does
 * @since: in jiffies, when @handed or @waits was set
 * @backlog: frames that the worker carries
 * @backlog_bytes: theirs
 * @work: carries them
 * @stall_work: looks whether the driver, or its memory, takes too long
 * @signal_work: delivers a signal that is @due
 * @section: in which @vq is served; this and what follows belongs to the user of @vq
 * @due: The driver wants a signal, which has been left to @signal_work.  @vq is claimed
 *	once more meanwhile, so whoever stops it waits for the signal.
 * @notify: the driver kicks when it adds buffers, because it was asked to, or because
 *	nobody has asked it not to since the queue was started
 * @bufs: the buffers that the frame at hand goes to
 * @count: counters
 */
struct net_mdev_tx {
	struct mdev_vq *vq;
	struct netdev_queue *txq;
	bool handed;
	bool waits;
	bool stalled;
	unsigned long since;
	struct sk_buff_head backlog;
	u32 backlog_bytes;
	struct mdev_work work;
	struct delayed_work stall_work;
	struct mdev_work signal_work;

	struct mdev_vq_section section;
	bool due;
	bool notify;
	struct mdev_soft_net_bufs bufs;
	struct net_mdev_counters count;
};

/**
 * struct net_mdev_pair - a pair of virtqueues
 * @nm: the instance
 * @index: of the pair
 * @napi: polls the driver's transmit queue, and wakes the network device's queue
 *	when the driver has added buffers
 * @kick_work: schedules @napi where interrupts are off, and no softirq would run
 *	soon after them
 * @worker: of this pair alone; started with the first of its queues, stopped by a
 *	reset
 * @rx: frames from the driver
 * @tx: frames to the driver
 */
struct net_mdev_pair {
	struct net_mdev *nm;
	unsigned int index;
	struct napi_struct napi;
	struct irq_work kick_work;
	struct mdev_worker worker;
	struct net_mdev_rx rx;
	struct net_mdev_tx tx ____cacheline_aligned_in_smp;
};

/**
 * struct net_mdev - an instance
 * @net: what it shares with other network devices in software
 * @dev: its network device
 * @pairs: queue pairs
 * @carrier_lock: guards @live, @use and that the interface gets its carrier
 * @live: the driver has set DRIVER_OK
 * @use: how many drivers have been live and are not any more
 * @stall: milliseconds for which frames wait at most
 * @xdp: what XDP takes if a program is attached; changes under the rtnl
 * @flows: the pairs that the driver sends its flows on, see net_mdev_steer_learn()
 * @update: has the network device follow the driver: features, queues and carrier
 * @update_due: in jiffies, when the next one is due if they are spread out evenly;
 *	written by @update
 */
struct net_mdev {
	struct mdev_soft_net net;
	struct net_device *dev;
	struct net_mdev_pair *pairs;
	/* guards the carrier, see above */
	spinlock_t carrier_lock;
	bool live;
	unsigned int use;
	unsigned int stall;
	struct net_mdev_xdp __rcu *xdp;
	u32 flows[NET_MDEV_FLOWS];
	struct delayed_work update;
	unsigned long update_due;
};

/* What the network device has of its own */
struct net_mdev_dev {
	struct net_mdev *nm;
};

static inline struct net_mdev *net_to_net_mdev(struct mdev_soft_net *net)
{
	return container_of(net, struct net_mdev, net);
}

static inline struct net_mdev *soft_to_net_mdev(struct mdev_soft *soft)
{
	return net_to_net_mdev(container_of(soft, struct mdev_soft_net, soft));
}

static inline struct net_mdev *dev_to_net_mdev(const struct net_device *dev)
{
	return ((struct net_mdev_dev *)netdev_priv(dev))->nm;
}

static inline bool net_mdev_has(const struct net_mdev *nm, unsigned int bit)
{
	return mdev_soft_has(&nm->net.soft, bit);
}

/* params.c */
extern unsigned int net_mdev_mtu;
extern unsigned int net_mdev_max_instances;
extern unsigned int net_mdev_stall;
extern char *net_mdev_ifname;
extern unsigned long long net_mdev_features_off;
int net_mdev_check_parameters(void);

/* instance.c */
extern const struct mdev_class_parent_ops net_mdev_parent_ops;

/* ops.c */
extern const struct mdev_soft_desc net_mdev_one_pair;
extern struct mdev_soft_desc net_mdev_more_pairs;
extern const struct mdev_soft_net_ops net_mdev_net_ops;

/* pair.c */
void net_mdev_pair_init(struct net_mdev_pair *pair, struct net_mdev *nm,
			unsigned int index);
void net_mdev_pair_enable(struct net_mdev_pair *pair);
void net_mdev_pair_disable(struct net_mdev_pair *pair);
int net_mdev_pair_prepare(struct net_mdev_pair *pair);
void net_mdev_pair_reset(struct net_mdev_pair *pair);
void net_mdev_pair_schedule(struct net_mdev_pair *pair);

/* rx.c */
int net_mdev_rx_poll(struct net_mdev_pair *pair, int budget);
void net_mdev_rx_work(struct mdev_work *work);
void net_mdev_rx_receive(struct net_mdev_pair *pair, struct napi_struct *napi,
			 struct sk_buff *skb);

/* tx.c */
int net_mdev_tx_send(struct net_mdev_pair *pair, struct sk_buff *skb);
int net_mdev_tx_send_raw(struct net_mdev_pair *pair, const void *data, u32 len);
bool net_mdev_tx_wait(struct net_mdev_pair *pair);
void net_mdev_tx_wake(struct net_mdev_pair *pair);
netdev_tx_t net_mdev_start_xmit(struct sk_buff *skb, struct net_device *dev);

/* signal.c */
bool net_mdev_signal_wanted(struct net_mdev_tx *tx);
void net_mdev_signal(struct net_mdev_tx *tx);
void net_mdev_signal_later(struct net_mdev_pair *pair);
void net_mdev_signal_work(struct mdev_work *work);

/* xdp_xmit.c */
struct xdp_frame;
int net_mdev_xdp_send(struct net_mdev_pair *pair, struct xdp_frame **frames,
		      int nr);
int net_mdev_xdp_xmit(struct net_device *dev, int nr, struct xdp_frame **frames,
		      u32 flags);

/* backlog.c */
void net_mdev_backlog_hand(struct net_mdev_pair *pair);
netdev_tx_t net_mdev_backlog_add(struct net_mdev_pair *pair,
				 struct sk_buff *skb);
void net_mdev_backlog_purge(struct net_mdev_tx *tx);
void net_mdev_backlog_work(struct mdev_work *work);
void net_mdev_stall_arm(struct net_mdev_pair *pair);
void net_mdev_stall_work(struct work_struct *work);

/* dev.c */
int net_mdev_dev_create(struct net_mdev *nm);
void net_mdev_dev_destroy(struct net_mdev *nm);

/* steer.c */
void net_mdev_steer_learn(struct net_mdev_pair *pair, struct sk_buff *skb);
void net_mdev_steer_forget(struct net_mdev *nm);
u16 net_mdev_select_queue(struct net_device *dev, struct sk_buff *skb,
			  struct net_device *sb_dev);

/* update.c */
void net_mdev_update(struct work_struct *work);
void net_mdev_update_soon(struct net_mdev *nm);

/* link.c */
struct ethtool_link_ksettings;
int net_mdev_get_link_ksettings(struct net_device *dev,
				struct ethtool_link_ksettings *cmd);
int net_mdev_set_link_ksettings(struct net_device *dev,
				const struct ethtool_link_ksettings *cmd);

/* rename.c */
int net_mdev_rename(struct net_mdev *nm, const char *name);

/* sysfs.c */
extern const struct attribute_group *net_mdev_groups[];

/* ethtool.c */
extern const struct ethtool_ops net_mdev_ethtool_ops;

#endif /* _NET_MDEV_H */
