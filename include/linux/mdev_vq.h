/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device-side virtqueues, for parents that serve a virtqueue in software.
 */
#ifndef _LINUX_MDEV_VQ_H
#define _LINUX_MDEV_VQ_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <linux/mdev_mem.h>
#include <linux/virtio_mdev.h>

struct device;
struct mdev_vq;
struct mdev_vq_layout;
struct mdev_vq_tlb_entry;
struct vring_desc;

/**
 * DOC: device-side virtqueues
 *
 * A &struct mdev_vq lives inside the parent's own structure.  The device
 * operations of the same names set it up (mdev_vq_set_num() and so on, all
 * serialised by the class driver).  mdev_vq_set_features() comes first, from
 * &virtio_mdev_ops.set_driver_features, because the features determine the layout
 * of the rings: packed with VIRTIO_F_RING_PACKED, else split.
 * mdev_vq_start() maps the rings and lets users in, mdev_vq_stop() waits until
 * they have left, and unmaps the rings.
 *
 * The data path has one user at a time, which the parent makes sure of (with a
 * worker for each queue, or a lock), and looks like this::
 *
 *	struct mdev_vq_section section = { .vqs = { vq } };
 *	bool signal = false, more = false;
 *	...
 *	if (!mdev_vq_claim(vq))
 *		return;
 *	if (!mdev_vq_section_enter(&section)) {
 *		mdev_vq_disable_notify(vq);
 *		while (budget-- &&
 *		       mdev_vq_section_pop(&section, vq, &chain) > 0) {
 *			mdev_vq_iter_out(&iter, &chain);
 *			if (mdev_vq_section_read(&section, &iter, buf, len)) {
 *				mdev_vq_unpop(vq, &chain);
 *				break;
 *			}
 *			...
 *			mdev_vq_push(vq, &chain, written);
 *		}
 *		mdev_vq_publish(vq);
 *		signal = mdev_vq_need_signal(vq);
 *		more = mdev_vq_enable_notify(vq);
 *	}
 *	mdev_vq_section_leave(&section);
 *	if (signal)
 *		mdev_vq_signal(vq);
 *	mdev_vq_release(vq);
 *	if (more)
 *		... run again, because no kick will come ...
 *
 * All that touches the rings is inside a read section of the driver's memory in
 * which mdev_vq_alive() returned true.  mdev_vq_section_enter() calls it for all
 * queues of a &struct mdev_vq_section (<linux/mdev_vq_section.h>): one section may
 * serve many chains, and several virtqueues of one memory.  A chain that was popped
 * is a private copy, so it survives the end of the section.
 * mdev_vq_section_pop(), mdev_vq_section_read(), mdev_vq_section_write() and
 * mdev_vq_section_move() rely on that: when a lookup misses they leave, fault, enter,
 * see whether the queues are still alive, and go on.
 *
 * Chains may be pushed in any order, unless VIRTIO_F_IN_ORDER was negotiated: a
 * device that does not complete requests in the order in which they came must
 * not offer it.
 *
 * A chain that was popped is either pushed and published, or given back with
 * mdev_vq_unpop() before the user releases the queue, because the state of a
 * virtqueue cannot tell which chains the device still has.
 *
 * The content of a ring is not trusted.  If it is invalid, that one virtqueue is
 * broken: it is not touched again until it is stopped, mdev_vq_pop() and
 * mdev_vq_alive() fail, and the parent gets &mdev_vq_ops.broken.
 */

/*
 * Limit to the segments of one chain, also through an indirect table.  QEMU has the
 * same limit, and no kernel driver comes near it.
 */
#define MDEV_VQ_MAX_SEGS	1024

/* Room for the reason why a virtqueue broke */
#define MDEV_VQ_REASON_LEN	96

/**
 * struct mdev_vq_seg - a piece of a driver's buffer
 * @iova: address in the driver's address space; the piece does not wrap
 * @len: length in bytes, at least 1
 */
struct mdev_vq_seg {
	u64 iova;
	u32 len;
};

/**
 * struct mdev_vq_tlb - remembered lookups of a queue
 * @entries: indexed by the page number and @mask; NULL if memory is linear
 * @mask: number of @entries, a power of two, less one
 * @generation: generation of the memory for which they are valid
 *
 * Private to the library.
 */
struct mdev_vq_tlb {
	struct mdev_vq_tlb_entry *entries;
	unsigned int mask;
	unsigned long generation;
};

/**
 * struct mdev_vq_chain - a buffer that the driver made available
 * @segs: its pieces, first those that the device reads, then those that it
 *	writes; an array of the caller's, filled by mdev_vq_pop().  NULL for a caller
 *	that only gives the chain back
 * @max_segs: size of @segs; a chain with more breaks the queue
 * @nr_out: number of pieces that the device reads
 * @nr_in: number of pieces that the device writes
 * @nr_descs: number of descriptors that were read for it, except the one that
 *	refers to an indirect table.  Those of length 0 count, but have no piece.
 * @out_len: total length of the pieces that the device reads
 * @in_len: total length of the pieces that the device writes
 */
struct mdev_vq_chain {
	struct mdev_vq_seg *segs;
	u16 max_segs;
	u16 nr_out;
	u16 nr_in;
	u16 nr_descs;
	u32 out_len;
	u32 in_len;

	/* private: the queue that it was popped from */
	struct mdev_vq *vq;
	/* the id for the used entry; how many ring entries it took, and where */
	u16 id;
	u16 slots;
	u16 pos;
};

/**
 * struct mdev_vq_iter - a position within segments
 * @seg: where it stands
 * @nr: segments left, @seg included; 0 at the end
 * @off: offset within @seg
 */
struct mdev_vq_iter {
	const struct mdev_vq_seg *seg;
	unsigned int nr;
	u32 off;

	/* private: the queue of the chain, which remembers lookups; NULL for none */
	struct mdev_vq *vq;
};

/**
 * struct mdev_vq_ops - what a virtqueue asks of its parent
 * @wake: have the queue looked at soon, as if the driver had kicked.  Called
 *	when the driver takes the ring's memory away, in any context, maybe with
 *	a spinlock held and interrupts off: queue work and return.
 * @broken: the queue broke.  Called once, until the next start, in the context
 *	of the user that noticed, maybe inside a read section: set
 *	DEVICE_NEEDS_RESET and signal it.  Does not sleep.
 * @hurry: (optional) Somebody has waited for a second for the user of the queue
 *	to leave: make that user give up if it waits for memory of the driver.
 *	Called again each second, in process context, serialised by the class
 *	driver.
 * @hopeless: (optional, after @hurry) Return true if the user of the queue waits for
 *	somebody that does not answer, who is not the driver, so that
 *	mdev_vq_try_pause() is not to wait any longer.
 * @defer: (optional) Return true if the driver's callbacks cannot run in the
 *	context of the user of the queue, because the driver may hold locks there
 *	that they take; then have mdev_vq_deliver() called soon, where they can.
 *	Called by the user of the queue when a callback is due; does not sleep.
 */
struct mdev_vq_ops {
	void (*wake)(struct mdev_vq *vq);
	void (*broken)(struct mdev_vq *vq);
	bool (*defer)(struct mdev_vq *vq);
	void (*hurry)(struct mdev_vq *vq);
	bool (*hopeless)(struct mdev_vq *vq);
};

/**
 * struct mdev_vq_counters - what a virtqueue counts
 * @kicks: by mdev_vq_kicked(), from any context
 * @errors: times it broke
 * @signals: interrupts given to the driver
 * @chains: chains pushed
 * @bytes: for the parent, see mdev_vq_count()
 * @drops: for the parent, see mdev_vq_count()
 *
 * All except the first two are written only by the user of the queue; where signals
 * are deferred, mdev_vq_deliver() writes @signals.
 */
struct mdev_vq_counters {
	atomic64_t kicks;
	atomic64_t errors;
	u64 signals;
	u64 chains;
	u64 bytes;
	u64 drops;
};

/**
 * struct mdev_vq_split - where the device stands in a split virtqueue
 * @desc: descriptor table
 * @avail: available ring
 * @used: used ring
 * @avail_idx: next entry of the available ring to take
 * @avail_seen: the driver's index, as last read and found valid
 * @used_idx: next entry of the used ring to write
 * @run: with IN_ORDER, the first entry that has not been written, of those
 *	before @used_idx
 * @run_id: with IN_ORDER, the last chain of those entries
 * @run_len: bytes written into it
 * @published: the @used_idx that the driver was shown last
 * @signalled: @published when it was last decided whether to signal the driver
 * @signalled_valid: @signalled can be relied on
 *
 * Written only by the current user of the queue; by set-up code while there is none.
 */
struct mdev_vq_split {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	u16 avail_idx;
	u16 avail_seen;
	u16 used_idx;
	u16 run;
	u16 run_id;
	u32 run_len;
	u16 published;
	u16 signalled;
	bool signalled_valid;
};

/**
 * struct mdev_vq_packed - where the device stands in a packed virtqueue
 * @desc: descriptor ring
 * @driver: when the driver wants to be signalled
 * @device: when the device wants to be kicked
 * @avail: next descriptor to take
 * @used: next descriptor to write
 * @run_end: with IN_ORDER, where the chain begins that is to be pushed next; one
 *	used descriptor will stand for all chains from @used up to there
 * @run_id: with IN_ORDER, the last one of those chains
 * @run_len: bytes written into it
 * @published: the first descriptor that the driver has not been shown as used
 * @first_flags: flags for the descriptor at @published, not written yet, if there
 *	is a @batch
 * @in_hand: descriptors taken from the driver and not yet published as used
 * @given_back: descriptors from @avail on that were taken once, and given back
 * @batch: descriptors used, but not published
 * @unsignalled: descriptors published since it was last decided whether to signal
 *	the driver
 * @signalled_valid: @unsignalled can be relied on
 * @event: what was last written to @device
 *
 * A position is an index with the wrap counter in bit 15.  Written only by the
 * current user of the queue; by set-up code while there is none.
 */
struct mdev_vq_packed {
	struct vring_packed_desc *desc;
	struct vring_packed_desc_event *driver;
	struct vring_packed_desc_event *device;
	u16 avail;
	u16 used;
	u16 run_end;
	u16 run_id;
	u32 run_len;
	u16 published;
	u16 first_flags;
	u16 in_hand;
	u16 given_back;
	u16 batch;
	bool signalled_valid;
	u32 unsignalled;
	u32 event;
};

/**
 * struct mdev_vq - a virtqueue, from the device's side
 *
 * Embedded by the parent; private to the library, except what the functions below
 * give access to.
 */
struct mdev_vq {
	/* private: constant from mdev_vq_init() on */
	const struct mdev_vq_ops *ops;
	struct device *dev;
	u16 index;
	u16 num_max;

	/* what the class driver set; it serialises this */
	u64 desc_area;
	u64 driver_area;
	u64 device_area;
	u16 num;
	bool has_address;
	bool ready;
	const struct mdev_vq_layout *layout;
	bool indirect;
	bool event_idx;
	bool in_order;

	/* constant from mdev_vq_start() to mdev_vq_stop() */
	struct mdev_mem *mem;
	struct mdev_ring_map maps[3];
	bool started;

	/* whether users may come in, and how many are in */
	bool live;
	bool broken;
	/* its rings are not there, see mdev_vq_map_again(); written by the user */
	bool away;
	atomic_t users;

	/*
	 * Why it broke last; written before @broken and @untold are set.  The lock
	 * guards it against readers other than the user of the queue.
	 */
	spinlock_t reason_lock;
	char reason[MDEV_VQ_REASON_LEN];

	/* of the one user; @layout determines which of the two is in use */
	union {
		struct mdev_vq_split split;
		struct mdev_vq_packed packed;
	};
	struct mdev_vq_tlb tlb;
	struct vring_desc *table;
	u64 table_iova;
	u32 table_len;
	unsigned int table_faults;
	bool table_wanted;
	bool table_valid;

	/*
	 * Guards @cb, and is held while a callback runs, so that whoever takes
	 * it to replace @cb knows that the old one does not run any more.
	 */
	spinlock_t cb_lock;
	struct virtio_mdev_callback cb;
	/*
	 * What the driver has not been told yet: the queue broke; buffers were used.
	 * Set by the user of the queue, without a lock.
	 */
	bool untold;
	bool unsignalled;

	struct mdev_vq_counters counters;
};

/* Set-up: process context, serialised by the class driver */
void mdev_vq_init(struct mdev_vq *vq, const struct mdev_vq_ops *ops,
		  struct device *dev, u16 index, u16 num_max);
void mdev_vq_destroy(struct mdev_vq *vq);
void mdev_vq_set_features(struct mdev_vq *vq, u64 features);
int mdev_vq_set_address(struct mdev_vq *vq, u64 desc_area, u64 driver_area,
			u64 device_area);
int mdev_vq_set_num(struct mdev_vq *vq, u32 num);
int mdev_vq_set_state(struct mdev_vq *vq,
		      const struct virtio_mdev_vq_state *state);
int mdev_vq_get_state(struct mdev_vq *vq, struct virtio_mdev_vq_state *state);
void mdev_vq_set_ready(struct mdev_vq *vq, bool ready);
void mdev_vq_reset(struct mdev_vq *vq);
int mdev_vq_start(struct mdev_vq *vq, struct mdev_mem *mem);
void mdev_vq_stop(struct mdev_vq *vq);
int mdev_vq_renew(struct mdev_vq *vq);
void mdev_vq_pause(struct mdev_vq *vq);
int mdev_vq_try_pause(struct mdev_vq *vq);
void mdev_vq_resume(struct mdev_vq *vq);
bool mdev_vq_pending(struct mdev_vq *vq);
void mdev_vq_set_cb(struct mdev_vq *vq, const struct virtio_mdev_callback *cb);
void mdev_vq_get_stats(struct mdev_vq *vq, struct virtio_mdev_vq_stats *stats);

/* The data path: one user at a time */
bool mdev_vq_claim(struct mdev_vq *vq);
void mdev_vq_release(struct mdev_vq *vq);
bool mdev_vq_alive(struct mdev_vq *vq);
int mdev_vq_pop(struct mdev_vq *vq, struct mdev_vq_chain *chain);
void mdev_vq_unpop(struct mdev_vq *vq, const struct mdev_vq_chain *chain);
int mdev_vq_fault(struct mdev_vq *vq);
void mdev_vq_push(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		  u32 len);
void mdev_vq_publish(struct mdev_vq *vq);
bool mdev_vq_need_signal(struct mdev_vq *vq);
void mdev_vq_signal(struct mdev_vq *vq);
void mdev_vq_deliver(struct mdev_vq *vq);
void mdev_vq_disable_notify(struct mdev_vq *vq);
bool mdev_vq_enable_notify(struct mdev_vq *vq);
__printf(2, 3)
void mdev_vq_break(struct mdev_vq *vq, const char *fmt, ...);
void mdev_vq_break_at(const struct mdev_vq_iter *iter);

/* Payload */
size_t mdev_vq_copy_from(struct mdev_mem *mem, struct mdev_vq_iter *iter,
			 void *buf, size_t len);
size_t mdev_vq_copy_to(struct mdev_mem *mem, struct mdev_vq_iter *iter,
		       const void *buf, size_t len);
size_t mdev_vq_copy(struct mdev_mem *mem, struct mdev_vq_iter *dst,
		    struct mdev_vq_iter *src, size_t len);
int mdev_vq_read(struct mdev_mem *mem, struct mdev_vq_iter *iter, void *buf,
		 size_t len);
int mdev_vq_write(struct mdev_mem *mem, struct mdev_vq_iter *iter,
		  const void *buf, size_t len);
int mdev_vq_move(struct mdev_mem *mem, struct mdev_vq_iter *dst,
		 struct mdev_vq_iter *src, size_t len, void *bounce,
		 size_t bounce_len, struct mdev_vq_iter **bad);

/**
 * mdev_vq_is_ready() - what mdev_vq_set_ready() set
 * @vq: the virtqueue
 *
 * Context: any.
 * Return: whether the driver has set the queue up.
 */
static inline bool mdev_vq_is_ready(const struct mdev_vq *vq)
{
	return READ_ONCE(vq->ready);
}

/**
 * mdev_vq_is_started() - between mdev_vq_start() and mdev_vq_stop()
 * @vq: the virtqueue
 *
 * Context: serialised by the class driver.
 * Return: whether its rings are mapped.
 */
static inline bool mdev_vq_is_started(const struct mdev_vq *vq)
{
	return vq->started;
}

/**
 * mdev_vq_mem() - the driver's memory
 * @vq: claimed virtqueue
 *
 * Context: the user of the queue.
 * Return: the memory that its rings and buffers are in.
 */
static inline struct mdev_mem *mdev_vq_mem(const struct mdev_vq *vq)
{
	return vq->mem;
}

/**
 * mdev_vq_is_live() - whether it is worthwhile to claim the queue
 * @vq: the virtqueue
 *
 * Context: any.
 * Return: true from mdev_vq_start() to mdev_vq_stop(), except while paused.  A
 * caller that gets true also sees all that the parent wrote before the start.
 */
static inline bool mdev_vq_is_live(const struct mdev_vq *vq)
{
	/* Pairs with smp_store_release() in mdev_vq_resume() */
	return smp_load_acquire(&vq->live);
}

/**
 * mdev_vq_is_broken() - whether the queue is no longer served
 * @vq: the virtqueue
 *
 * Context: any.
 * Return: true from mdev_vq_break() to mdev_vq_start() or mdev_vq_reset().
 */
static inline bool mdev_vq_is_broken(const struct mdev_vq *vq)
{
	return READ_ONCE(vq->broken);
}

/**
 * mdev_vq_num() - the ring size
 * @vq: the virtqueue
 *
 * Context: any.
 * Return: what mdev_vq_set_num() set; constant while the queue is started.
 */
static inline u16 mdev_vq_num(const struct mdev_vq *vq)
{
	return READ_ONCE(vq->num);
}

/**
 * mdev_vq_kicked() - count a notification from the driver
 * @vq: the virtqueue
 *
 * Context: any.
 */
static inline void mdev_vq_kicked(struct mdev_vq *vq)
{
	atomic64_inc(&vq->counters.kicks);
}

/**
 * mdev_vq_count() - count what the library cannot know
 * @vq: the virtqueue
 * @bytes: payload moved
 * @drops: chains whose contents could not be passed on
 *
 * Context: the user of the queue.
 */
static inline void mdev_vq_count(struct mdev_vq *vq, u64 bytes, u64 drops)
{
	/* One writer; a reader on a 64 bit machine sees whole values. */
	WRITE_ONCE(vq->counters.bytes, vq->counters.bytes + bytes);
	WRITE_ONCE(vq->counters.drops, vq->counters.drops + drops);
}

/*
 * Cost of a descriptor of a chain, in bytes, in addition to its length: to read it
 * and use its piece takes about as long as to copy this number of bytes.
 */
#define MDEV_VQ_DESC_COST	64

/**
 * mdev_vq_chain_desc_cost() - cost of reading the descriptors of a chain
 * @chain: from mdev_vq_pop()
 *
 * For chains whose bytes are counted elsewhere, or are not copied.
 *
 * Context: any.
 * Return: bytes.
 */
static inline u64 mdev_vq_chain_desc_cost(const struct mdev_vq_chain *chain)
{
	return (u64)chain->nr_descs * MDEV_VQ_DESC_COST;
}

/**
 * mdev_vq_chain_cost() - cost of a chain in a budget of bytes
 * @chain: from mdev_vq_pop()
 *
 * A driver can make a chain of 64 KiB, or of a thousand descriptors with a byte each
 * or none, as fast as an empty one, but it takes the device much longer to serve it.
 * So whoever serves a queue counts chains and their cost, and lets others have their
 * turn at a limit of either.
 *
 * Context: any.
 * Return: bytes.
 */
static inline u64 mdev_vq_chain_cost(const struct mdev_vq_chain *chain)
{
	return (u64)chain->out_len + chain->in_len +
	       mdev_vq_chain_desc_cost(chain);
}

/**
 * mdev_vq_iter_segs() - start at the beginning of some segments
 * @iter: the iterator
 * @segs: the segments
 * @nr: how many
 *
 * Context: any.
 */
static inline void mdev_vq_iter_segs(struct mdev_vq_iter *iter,
				     const struct mdev_vq_seg *segs,
				     unsigned int nr)
{
	iter->seg = segs;
	iter->nr = nr;
	iter->off = 0;
	iter->vq = NULL;
}

/**
 * mdev_vq_iter_out() - start at the beginning of what the device reads
 * @iter: the iterator
 * @chain: from mdev_vq_pop()
 *
 * Context: any.
 */
static inline void mdev_vq_iter_out(struct mdev_vq_iter *iter,
				    const struct mdev_vq_chain *chain)
{
	mdev_vq_iter_segs(iter, chain->segs, chain->nr_out);
	iter->vq = chain->vq;
}

/**
 * mdev_vq_iter_in() - start at the beginning of what the device writes
 * @iter: the iterator
 * @chain: from mdev_vq_pop()
 *
 * Context: any.
 */
static inline void mdev_vq_iter_in(struct mdev_vq_iter *iter,
				   const struct mdev_vq_chain *chain)
{
	mdev_vq_iter_segs(iter, chain->segs + chain->nr_out, chain->nr_in);
	iter->vq = chain->vq;
}

/**
 * mdev_vq_iter_in_all() - start at the beginning of what the device writes into
 * several chains of a queue
 * @iter: the iterator
 * @chain: the first chain.  Neither it nor the others have anything that the device
 *	reads, and the segments of the others follow its own directly
 * @nr: segments of all of them
 */
static inline void mdev_vq_iter_in_all(struct mdev_vq_iter *iter,
				       const struct mdev_vq_chain *chain,
				       unsigned int nr)
{
	mdev_vq_iter_segs(iter, chain->segs, nr);
	iter->vq = chain->vq;
}

/**
 * mdev_vq_iter_skip() - move on without copying
 * @iter: the iterator; its segments have at least @len bytes left
 * @len: bytes
 */
static inline void mdev_vq_iter_skip(struct mdev_vq_iter *iter, size_t len)
{
	while (len) {
		u32 rest = iter->seg->len - iter->off;

		if (len < rest) {
			iter->off += len;
			return;
		}
		len -= rest;
		iter->seg++;
		iter->nr--;
		iter->off = 0;
	}
}

#endif /* _LINUX_MDEV_VQ_H */
