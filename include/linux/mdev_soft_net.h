/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Software network devices: what parents of virtio network devices have in common.
 */
#ifndef _LINUX_MDEV_SOFT_NET_H
#define _LINUX_MDEV_SOFT_NET_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/if_ether.h>
#include <linux/pci_ids.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/virtio_net.h>

#include <linux/mdev_mem.h>
#include <linux/mdev_soft.h>
#include <linux/mdev_soft_net_filter.h>
#include <linux/mdev_vq.h>
#include <linux/mdev_worker.h>

struct attribute_group;
struct mdev_soft_net;

/**
 * DOC: software network devices
 *
 * A parent that embeds a &struct mdev_soft_net in its instance adds what moves frames.
 * It gets the rest from the module mdev_soft_net: the configuration space, the address
 * and who may set it, the receive filter, the control queue, the rules about
 * features, the check of a frame's header, and what is saved for a migration.
 *
 * The virtqueues are rx0, tx0, rx1, tx1... and the control queue, so the parent's
 * &struct mdev_soft_desc has an odd number of them.  Its members call into here::
 *
 *	.kick:		mdev_soft_net_is_ctrl(net, idx) ?
 *				mdev_soft_net_ctrl_kick(net) : ...
 *	.prepare_vq:	mdev_soft_net_is_ctrl(net, idx) ?
 *				mdev_soft_net_ctrl_prepare(net) : ...
 *	.get_vq_group	= mdev_soft_net_get_vq_group,
 *	.check_features	= mdev_soft_net_check_features,
 *	.check_offer	= mdev_soft_net_check_offer,
 *	.reset:		..., mdev_soft_net_reset(net)
 *	.end_use	= mdev_soft_net_end_use,
 *	.save		= mdev_soft_net_save,
 *	.load		= mdev_soft_net_load,
 *	.get_config	= mdev_soft_net_get_config,
 *	.set_config	= mdev_soft_net_set_config,
 *	.get_generation	= mdev_soft_net_get_generation,
 *	.config_size	= sizeof(struct virtio_net_config),
 */

/* Queue pairs that a device may have */
#define MDEV_SOFT_NET_MAX_PAIRS		16

/*
 * The smallest ring that a driver without indirect descriptors can be sure to put a frame
 * with all its pieces into: a frame of Linux has up to 45 beside its head.
 */
#define MDEV_SOFT_NET_NUM_MIN		64

/* VERSION_1 is required, so the header always has num_buffers. */
#define MDEV_SOFT_NET_HDR_LEN		sizeof(struct virtio_net_hdr_v1)

/* What the library does, and what any device that moves whole frames can offer */
#define MDEV_SOFT_NET_FEATURES	(MDEV_SOFT_FEATURES |			\
				 BIT_ULL(VIRTIO_F_IN_ORDER) |		\
				 BIT_ULL(VIRTIO_NET_F_CSUM) |		\
				 BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) |	\
				 BIT_ULL(VIRTIO_NET_F_HOST_TSO4) |	\
				 BIT_ULL(VIRTIO_NET_F_HOST_TSO6) |	\
				 BIT_ULL(VIRTIO_NET_F_HOST_ECN) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_ECN) |	\
				 BIT_ULL(VIRTIO_NET_F_MRG_RXBUF) |	\
				 BIT_ULL(VIRTIO_NET_F_MAC) |		\
				 BIT_ULL(VIRTIO_NET_F_STATUS) |		\
				 BIT_ULL(VIRTIO_NET_F_MTU) |		\
				 BIT_ULL(VIRTIO_NET_F_CTRL_VQ) |	\
				 BIT_ULL(VIRTIO_NET_F_CTRL_RX) |	\
				 BIT_ULL(VIRTIO_NET_F_CTRL_RX_EXTRA) |	\
				 BIT_ULL(VIRTIO_NET_F_CTRL_VLAN) |	\
				 BIT_ULL(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) | \
				 BIT_ULL(VIRTIO_NET_F_CTRL_MAC_ADDR) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_ANNOUNCE))

/* The members of a &struct mdev_soft_desc that the library has for all of them */
#define MDEV_SOFT_NET_DESC(_pairs)					\
	.get_vq_group = mdev_soft_net_get_vq_group,			\
	.check_features = mdev_soft_net_check_features,			\
	.check_offer = mdev_soft_net_check_offer,			\
	.end_use = mdev_soft_net_end_use,				\
	.save = mdev_soft_net_save,					\
	.load = mdev_soft_net_load,					\
	.get_config = mdev_soft_net_get_config,				\
	.set_config = mdev_soft_net_set_config,				\
	.get_generation = mdev_soft_net_get_generation,			\
	.device_id = VIRTIO_ID_NET,					\
	.vendor_id = PCI_VENDOR_ID_REDHAT_QUMRANET,			\
	.config_size = sizeof(struct virtio_net_config),		\
	.nr_vqs = 2 * (_pairs) + 1,					\
	.num_min = MDEV_SOFT_NET_NUM_MIN,				\
	.nr_groups = 2

/* What VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET can switch (virtio 1.2, 5.1.6.5.6.1) */
#define MDEV_SOFT_NET_OFFLOADS	(BIT_ULL(VIRTIO_NET_F_GUEST_CSUM) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_TSO4) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_TSO6) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_ECN) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_UFO) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_USO4) |	\
				 BIT_ULL(VIRTIO_NET_F_GUEST_USO6))

/**
 * enum mdev_soft_net_mac_by - who sets the device's address, and how long that lasts
 * @MDEV_SOFT_NET_MAC_BY_ADMIN: the sysfs attribute, or a random address at first: as
 *	long as the instance exists
 * @MDEV_SOFT_NET_MAC_BY_USER: a write to the configuration space: until the user
 *	closes the device.  QEMU does so once, and resets the device whenever its guest
 *	does.
 * @MDEV_SOFT_NET_MAC_BY_DRIVER: the control queue: until the device is reset
 * @MDEV_SOFT_NET_MAC_NR: how many there are
 *
 * Ordered by how long they last, the longest first.
 */
enum mdev_soft_net_mac_by {
	MDEV_SOFT_NET_MAC_BY_ADMIN,
	MDEV_SOFT_NET_MAC_BY_USER,
	MDEV_SOFT_NET_MAC_BY_DRIVER,
	MDEV_SOFT_NET_MAC_NR,
};

/**
 * enum mdev_soft_net_pair_state - what the driver has requested for a queue pair
 * @MDEV_SOFT_NET_PAIR_UNUSED: nothing yet.  Frames wait: a user that continues where
 *	another device was stopped may not have repeated the driver's request yet.
 * @MDEV_SOFT_NET_PAIR_ON: it is in use.
 * @MDEV_SOFT_NET_PAIR_OFF: it was switched off.  Its receive queue gets nothing more
 *	(virtio 1.2, section 5.1.6.5, on multiqueue mode).
 */
enum mdev_soft_net_pair_state {
	MDEV_SOFT_NET_PAIR_UNUSED,
	MDEV_SOFT_NET_PAIR_ON,
	MDEV_SOFT_NET_PAIR_OFF,
};

/**
 * enum mdev_soft_net_link - what the link can be down at
 * @MDEV_SOFT_NET_LINK_ADMIN: the attribute ``link`` says so
 * @MDEV_SOFT_NET_LINK_PEER: the other end is down; the parent says so
 *
 * VIRTIO_NET_S_LINK_UP is set if it is down at neither.
 */
enum mdev_soft_net_link {
	MDEV_SOFT_NET_LINK_ADMIN,
	MDEV_SOFT_NET_LINK_PEER,
};

/**
 * struct mdev_soft_net_rule - a feature that needs another
 * @feature: bit number
 * @needs: bit number of the other
 * @why: the reason, for a message; NULL if the virtio specification requires it
 *	(section 5.1.3.1)
 */
struct mdev_soft_net_rule {
	u8 feature;
	u8 needs;
	const char *why;
};

/**
 * struct mdev_soft_net_ops - what the library asks of the parent
 * @prepare_ctrl: Start the worker that @ctrl_worker returns, because the control
 *	queue is about to start.  May be called more than once before a reset.
 *	Process context, serialised by the class driver.  Return 0 or a negative errno.
 * @ctrl_worker: The worker that serves the control queue where it cannot be served in
 *	the kick: one of this instance, because a program can make it wait.  The parent
 *	stops it in &mdev_soft_desc.reset, before mdev_soft_net_reset().  Any context.
 * @pairs_changed: The driver has changed how many pairs are in use: those that are on
 *	now have to be served; in those that are off frames may wait.  Called by
 *	the user of the control queue, so with bottom halves off if memory is direct.
 * @offloads_changed: (optional) The driver has changed the offloads that it can
 *	receive, see mdev_soft_net_offload().  Context as that of @pairs_changed, or
 *	that of mdev_soft_net_load().
 * @link_changed: (optional) VIRTIO_NET_S_LINK_UP has changed; the driver was told.
 *	In the context of mdev_soft_net_set_link().
 * @set_mtu: (optional) The attribute ``mtu`` is written: call mdev_soft_net_set_mtu(),
 *	for a parent that has an MTU of its own.  Process context.  Return 0 or a
 *	negative errno.
 * @rules: (optional) rules about features that this device has beyond the
 *	specification's
 * @nr_rules: how many
 */
struct mdev_soft_net_ops {
	int (*prepare_ctrl)(struct mdev_soft_net *net);
	struct mdev_worker *(*ctrl_worker)(struct mdev_soft_net *net);
	void (*pairs_changed)(struct mdev_soft_net *net);
	void (*offloads_changed)(struct mdev_soft_net *net);
	void (*link_changed)(struct mdev_soft_net *net);
	int (*set_mtu)(struct mdev_soft_net *net, unsigned int mtu);
	const struct mdev_soft_net_rule *rules;
	unsigned int nr_rules;
};

/**
 * struct mdev_soft_net_ctrl - the control queue
 * @work: serves the queue if the context of the kick does not allow that
 * @lock: if the driver's memory is direct, held while the queue is served;
 *	otherwise only @work serves it
 * @segs: pieces of the command at hand
 * @uni: half of a table while it is read
 * @multi: the other half
 */
struct mdev_soft_net_ctrl {
	struct mdev_work work;
	/* one task at a time serves the control queue, see above */
	spinlock_t lock;
	struct mdev_vq_seg *segs;
	struct mdev_soft_net_macs uni;
	struct mdev_soft_net_macs multi;
};

/**
 * struct mdev_soft_net - a software network device
 * @soft: what it shares with other software devices
 * @ops: the parent's
 * @all_pairs: queue pairs that it can have; constant
 * @max_pairs: queue pairs that it has, see the attribute ``max_pairs``; constant while a
 *	class driver is bound
 * @max_mtu: the largest MTU that may be set; at most 65535.  The parent may lower it
 *	in create.
 * @mtu: what the administrator wants; the parent may set it and @driver_mtu in create
 * @driver_mtu: what the driver is told: @mtu when it came, because it may not change
 *	under a driver (virtio 1.2, section 5.1.4.1)
 * @speed: for VIRTIO_NET_F_SPEED_DUPLEX, in Mbit/s; the parent may set both in create,
 *	and later with mdev_soft_net_set_speed()
 * @duplex: DUPLEX_*
 * @filtered: frames that the receive filter has dropped; the parent counts them
 *
 * Embedded by the parent.  What follows @filtered is the library's: the parent reads
 * it by functions.
 */
struct mdev_soft_net {
	struct mdev_soft soft;
	const struct mdev_soft_net_ops *ops;
	unsigned int all_pairs;
	unsigned int max_pairs;
	unsigned int max_mtu;
	u16 mtu;
	u16 driver_mtu;
	u32 speed;
	u8 duplex;
	atomic64_t filtered;

	/* private: */

	/* &enum mdev_soft_net_pair_state, set by the control queue */
	u8 pair_state[MDEV_SOFT_NET_MAX_PAIRS];
	struct mdev_soft_net_ctrl ctrl;
	/*
	 * Of MDEV_SOFT_NET_OFFLOADS, those that the driver has negotiated and switched
	 * off since; set by the control queue
	 */
	u64 offloads_off;

	/*
	 * Guards what follows.  Writers are the sysfs attributes, the control queue, the
	 * parent and the class driver; readers whoever moves frames, once for each, and
	 * the driver.  Writers disable interrupts, because a read may come from any
	 * context.
	 */
	seqlock_t state_lock;
	/* the device's address */
	u8 mac[ETH_ALEN] __aligned(2);
	/* the addresses that were set, by &enum mdev_soft_net_mac_by */
	u8 macs[MDEV_SOFT_NET_MAC_NR][ETH_ALEN] __aligned(2);
	/*
	 * An address that is being written to the configuration space; the same as
	 * @mac before that begins and once the address is complete
	 */
	u8 draft[ETH_ALEN] __aligned(2);
	/* a bit for each of @macs that is set; the highest one is for @mac */
	unsigned int mac_by;
	/* a bit for each &enum mdev_soft_net_link at which the link is down */
	unsigned int link_down;
	/* VIRTIO_NET_S_* */
	u16 status;
	/* of the configuration space */
	u32 generation;
	struct mdev_soft_net_filter filter;
};

static inline struct mdev_soft_net *soft_to_net(struct mdev_soft *soft)
{
	return container_of(soft, struct mdev_soft_net, soft);
}

/**
 * mdev_soft_net_of() - the network device of an instance
 * @cdev: an instance that mdev_soft_net_init() was called for
 *
 * Context: any.
 * Return: the device.
 */
static inline struct mdev_soft_net *
mdev_soft_net_of(const struct mdev_class_device *cdev)
{
	return soft_to_net(mdev_soft_of(cdev));
}

/**
 * mdev_soft_net_has() - whether a feature was negotiated
 * @net: the device
 * @bit: number of the feature bit
 *
 * Context: any.
 * Return: true if it was.  Constant while a virtqueue is claimed.
 */
static inline bool mdev_soft_net_has(const struct mdev_soft_net *net,
				     unsigned int bit)
{
	return mdev_soft_has(&net->soft, bit);
}

/**
 * mdev_soft_net_offload() - whether the driver can receive frames of a kind
 * @net: the device
 * @bit: one of MDEV_SOFT_NET_OFFLOADS
 *
 * Context: any.
 * Return: true if the feature was negotiated, and not switched off since.  It can be
 * switched off at any time; frames that are under way then may still be received.
 */
static inline bool mdev_soft_net_offload(const struct mdev_soft_net *net,
					 unsigned int bit)
{
	return mdev_soft_net_has(net, bit) &&
	       !(READ_ONCE(net->offloads_off) & BIT_ULL(bit));
}

/**
 * mdev_soft_net_nr_pairs() - queue pairs that the driver has set up
 * @net: the device
 *
 * The control queue comes right after the first one if the driver did not take
 * MQ, however many the device has (virtio 1.2, section 5.1.2).
 *
 * Context: any.
 * Return: their number.  Constant while a virtqueue is claimed.
 */
static inline unsigned int
mdev_soft_net_nr_pairs(const struct mdev_soft_net *net)
{
	return mdev_soft_net_has(net, VIRTIO_NET_F_MQ) ? net->max_pairs : 1;
}

/**
 * mdev_soft_net_is_ctrl() - whether a virtqueue is the control queue
 * @net: the device
 * @idx: index of the virtqueue
 *
 * Context: any.
 * Return: true if it is, with the features that were negotiated.
 */
static inline bool mdev_soft_net_is_ctrl(const struct mdev_soft_net *net,
					 u16 idx)
{
	return idx == 2 * mdev_soft_net_nr_pairs(net) &&
	       mdev_soft_net_has(net, VIRTIO_NET_F_CTRL_VQ);
}

/**
 * mdev_soft_net_pair_state() - what the driver has requested for a queue pair
 * @net: the device
 * @index: of the pair, less than &mdev_soft_net.max_pairs
 *
 * Context: any.
 * Return: the state; it may change at any time, see &mdev_soft_net_ops.pairs_changed.
 */
static inline enum mdev_soft_net_pair_state
mdev_soft_net_pair_state(const struct mdev_soft_net *net, unsigned int index)
{
	return READ_ONCE(net->pair_state[index]);
}

/**
 * mdev_soft_net_link_is_up() - whether the driver sees the link up
 * @net: the device
 *
 * Context: any.
 * Return: true if VIRTIO_NET_S_LINK_UP is set.
 */
static inline bool mdev_soft_net_link_is_up(const struct mdev_soft_net *net)
{
	return READ_ONCE(net->status) & VIRTIO_NET_S_LINK_UP;
}

/**
 * mdev_soft_net_is_direct() - whether the driver's memory looks direct
 * @net: the device
 *
 * Context: any.
 * Return: true if that memory could be used in any context.  This is only a hint,
 * because the class driver may change: code that has claimed a queue checks that
 * queue's memory.
 */
static inline bool mdev_soft_net_is_direct(const struct mdev_soft_net *net)
{
	const struct mdev_mem *mem = READ_ONCE(net->soft.cdev->mem);

	return mem && mem->direct;
}

/* device.c */
int mdev_soft_net_init(struct mdev_soft_net *net,
		       struct mdev_class_device *cdev,
		       const struct mdev_soft_desc *desc,
		       const struct mdev_soft_net_ops *ops);
void mdev_soft_net_destroy(struct mdev_soft_net *net);
void mdev_soft_net_reset(struct mdev_soft_net *net);
void mdev_soft_net_end_use(struct mdev_soft *soft);
u32 mdev_soft_net_get_vq_group(struct mdev_soft *soft, u16 idx);

void mdev_soft_net_set_mtu(struct mdev_soft_net *net, unsigned int mtu);

/* features.c */
int mdev_soft_net_check_features(struct mdev_soft *soft, u64 features);
int mdev_soft_net_check_offer(struct mdev_soft *soft, u64 features);

/* header.c */
bool mdev_soft_net_hdr_valid(const struct mdev_soft_net *net,
			     struct virtio_net_hdr_v1 *hdr, u32 len);
bool mdev_soft_net_gso_fits(const struct mdev_soft_net *net, u8 gso_type);
void mdev_soft_net_complete_csum(struct virtio_net_hdr_v1 *hdr, void *frame,
				 u32 len);

/* filter.c */
bool mdev_soft_net_accepts(struct mdev_soft_net *net, const u8 *dest);
bool mdev_soft_net_accepts_vlan(const struct mdev_soft_net *net, u16 vid);

/* ctrl.c */
int mdev_soft_net_ctrl_prepare(struct mdev_soft_net *net);
void mdev_soft_net_ctrl_kick(struct mdev_soft_net *net);

/* config.c */
void mdev_soft_net_get_config(struct mdev_soft *soft, unsigned int offset,
			      void *buf, unsigned int len);
void mdev_soft_net_set_config(struct mdev_soft *soft, unsigned int offset,
			      const void *buf, unsigned int len);
u32 mdev_soft_net_get_generation(struct mdev_soft *soft);
void mdev_soft_net_set_mac(struct mdev_soft_net *net,
			   enum mdev_soft_net_mac_by by, const u8 *mac);
void mdev_soft_net_end_mac(struct mdev_soft_net *net,
			   enum mdev_soft_net_mac_by by);
void mdev_soft_net_get_mac(struct mdev_soft_net *net, u8 *mac);
bool mdev_soft_net_change_status(struct mdev_soft_net *net, u16 clear, u16 set);
void mdev_soft_net_set_link(struct mdev_soft_net *net,
			    enum mdev_soft_net_link where, bool up);
void mdev_soft_net_set_speed(struct mdev_soft_net *net, u32 speed, u8 duplex);

/* state.c */
int mdev_soft_net_save(struct mdev_soft *soft, struct mdev_state_writer *w);
int mdev_soft_net_load(struct mdev_soft *soft, struct mdev_state_reader *r);

/* attrs.c: mac, mtu, link, announce and filtered */
extern const struct attribute_group mdev_soft_net_group;

#endif /* _LINUX_MDEV_SOFT_NET_H */
