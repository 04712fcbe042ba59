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
 * serialised by the class driver), mdev_vq_set_features() from
 * &virtio_mdev_ops.set_driver_features before any other, for the layout of the
 * rings follows from the features: packed with VIRTIO_F_RING_PACKED, else split.
 * mdev_vq_start() maps the rings and lets users in, mdev_vq_stop() waits for
 * them to be out and unmaps.
 *
 * The data path is one user at a time, made so by the parent (a worker for each
 * queue, or a lock), and looks like this::
 *
 *	bool signal = false, more = false;
 *	...
 *	if (!mdev_vq_claim(vq))
 *		return;
 *	token = mdev_mem_enter(mem);
 *	if (mdev_vq_alive(vq)) {
 *		mdev_vq_disable_notify(vq);
 *		while (budget-- && mdev_vq_pop(vq, &chain) > 0) {
 *			... mdev_vq_copy_from(mem, &iter, buf, len) ...
 *			mdev_vq_push(vq, &chain, written);
 *		}
 *		mdev_vq_publish(vq);
 *		signal = mdev_vq_need_signal(vq);
 *		more = mdev_vq_enable_notify(vq);
 *	}
 *	mdev_mem_leave(mem, token);
 *	if (signal)
 *		mdev_vq_signal(vq);
 *	mdev_vq_release(vq);
 *	if (more)
 *		... run again, for no kick will come ...
 *
 * All that touches the rings stands inside a read section of the driver's
 * memory in which mdev_vq_alive() was seen true.  One section may serve many
 * chains and several virtqueues of one memory.  A chain is private once popped,
 * so it survives the end of the section: when a lookup misses, leave, fault,
 * enter, see whether the queue is still alive, and go on with the same chain.
 *
 * Chains may be pushed in any order, unless VIRTIO_F_IN_ORDER was negotiated: a
 * device that does not complete requests in the order in which they came does
 * not offer it.
 *
 * A chain that was popped is either pushed and published, or given back with
 * mdev_vq_unpop() before the user releases the queue, for the state of a
 * virtqueue has no room for chains in the device's hand.
 *
 * The ring is hostile.  Whatever in it breaks the rules breaks that virtqueue
 * alone: it is not touched again until it is stopped, mdev_vq_pop() and
 * mdev_vq_alive() fail, and the parent gets &mdev_vq_ops.broken.
 */

/*
 * What one chain may have at most, through an indirect table too.  As in QEMU,
 * and no kernel driver gets near.
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
 * @entries: by number of page, as far as that goes; NULL if memory is linear
 * @mask: number of @entries, a power of two, less one
 * @generation: of the memory when they were good
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
 *	who only gives the chain back
 * @max_segs: size of @segs; a chain with more breaks the queue
 * @nr_out: number of pieces that the device reads
 * @nr_in: number of pieces that the device writes
 * @nr_descs: number of descriptors that were read for it, without the one of an
 *	indirect table.  Those of no bytes are among them, and have no piece.
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

	/* private: of the queue */
	struct mdev_vq_tlb *tlb;
	/* what the used entry names; the ring entries taken, and where */
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

	/* private: remembered lookups of the queue, if it is known */
	struct mdev_vq_tlb *tlb;
};

/**
 * struct mdev_vq_ops - what a virtqueue asks of its parent
 * @wake: have the queue looked at soon, as if the driver had kicked.  Called
 *	when the driver takes the ring's memory away, in any context, maybe with
 *	a spinlock held and interrupts off: queue work and return.
 * @broken: the queue broke.  Called once, until the next start, in the context
 *	of the user that found out and maybe inside a read section: set
 *	DEVICE_NEEDS_RESET and signal it.  Does not sleep.
 * @hurry: (optional) Somebody waits for the user of the queue to leave, and has
 *	for a second: see to it that it gives up if it waits for memory of the
 *	driver.
 *	Called again each second, in process context, serialised by the class
 *	driver.
 * @defer: (optional) Whether the driver's callbacks cannot run where the user of
 *	the queue is, because the driver may hold locks there that they take.  If
 *	so, have mdev_vq_deliver() called soon, where they can.  Called by the
 *	user of the queue when there is something to tell; does not sleep.
 */
struct mdev_vq_ops {
	void (*wake)(struct mdev_vq *vq);
	void (*broken)(struct mdev_vq *vq);
	bool (*defer)(struct mdev_vq *vq);
	void (*hurry)(struct mdev_vq *vq);
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
 * All but the first two are written by the user of the queue alone, @signals by
 * mdev_vq_deliver() where signals are deferred.
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
 * @avail_seen: the driver's index as last read and found sane
 * @used_idx: next entry of the used ring to write
 * @run: with IN_ORDER, the first entry that has not been written, of those
 *	before @used_idx
 * @run_id: then, the last chain of those
 * @run_len: bytes written into it
 * @published: what the driver has been told of @used_idx
 * @signalled: @published when the driver was last signalled or spared
 * @signalled_valid: @signalled can be relied on
 *
 * Written by the user of the queue, but while there is none.
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
 * @driver: what the driver wants to be signalled of
 * @device: what the device wants to be kicked for
 * @avail: next descriptor to take
 * @used: next descriptor to write
 * @run_end: with IN_ORDER, where the next chain begins that will be used; those
 *	from @used on are to be used by one descriptor
 * @run_id: then, the last chain of those
 * @run_len: bytes written into it
 * @published: the first one that the driver does not know to be written
 * @first_flags: of the descriptor at @published, not written yet, if there is a
 *	@batch
 * @in_hand: descriptors taken from the driver and not yet published as used
 * @given_back: descriptors from @avail on that were taken once, and given back
 * @batch: descriptors used, but not published
 * @unsignalled: descriptors published since the driver was last signalled or
 *	spared
 * @signalled_valid: @unsignalled counts all since the driver's last wish
 * @event: what was last written to @device
 *
 * A position is an index with the wrap counter in bit 15.  Written by the user
 * of the queue, but while there is none.
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
 * Embedded by the parent; private to the library but for what the functions
 * below give access to.
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

	/* whether users may come in, and how many are */
	bool live;
	bool broken;
	atomic_t users;

	/* why it broke; written before @broken and @untold are set */
	char reason[MDEV_VQ_REASON_LEN];

	/* of the one user; which one counts follows from @layout */
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
	 * What mdev_vq_deliver() is due for: it broke, and the driver has not been
	 * told; buffers were used.  Set by the user of the queue, without a lock.
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
void mdev_vq_break_at(struct mdev_vq *vq, const struct mdev_vq_iter *iter);

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
 * mdev_vq_is_live() - whether it is worth while to claim the queue
 * @vq: the virtqueue
 *
 * Context: any.
 * Return: true from mdev_vq_start() to mdev_vq_stop(), but while paused.  All
 * that the parent wrote before the start is seen by who sees true.
 */
static inline bool mdev_vq_is_live(const struct mdev_vq *vq)
{
	/* Pairs with smp_store_release() in mdev_vq_resume() */
	return smp_load_acquire(&vq->live);
}

/**
 * mdev_vq_is_broken() - whether the queue is served no more
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
 * What a descriptor of a chain counts as, beside its bytes: it takes about as long
 * to read one, and to use its piece, as to copy so many bytes.
 */
#define MDEV_VQ_DESC_COST	64

/**
 * mdev_vq_chain_desc_cost() - what reading the descriptors of a chain counts as
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
 * mdev_vq_chain_cost() - what a chain counts for in a budget of bytes
 * @chain: from mdev_vq_pop()
 *
 * A driver makes a chain of 64 KiB in the time that it makes an empty one in,
 * and the device copies it; or one of a thousand descriptors of a byte each, or of
 * none.  So who serves a queue counts chains and what they cost, and stops for
 * others at a limit of either.
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
 * mdev_vq_iter_segs() - stand at the beginning of some segments
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
	iter->tlb = NULL;
}

/**
 * mdev_vq_iter_out() - stand at the beginning of what the device reads
 * @iter: the iterator
 * @chain: from mdev_vq_pop()
 *
 * Context: any.
 */
static inline void mdev_vq_iter_out(struct mdev_vq_iter *iter,
				    const struct mdev_vq_chain *chain)
{
	mdev_vq_iter_segs(iter, chain->segs, chain->nr_out);
	iter->tlb = chain->tlb;
}

/**
 * mdev_vq_iter_in() - stand at the beginning of what the device writes
 * @iter: the iterator
 * @chain: from mdev_vq_pop()
 *
 * Context: any.
 */
static inline void mdev_vq_iter_in(struct mdev_vq_iter *iter,
				   const struct mdev_vq_chain *chain)
{
	mdev_vq_iter_segs(iter, chain->segs + chain->nr_out, chain->nr_in);
	iter->tlb = chain->tlb;
}

/**
 * mdev_vq_iter_in_all() - stand at the beginning of what the device writes into
 * several chains of a queue
 * @iter: the iterator
 * @chain: the first chain.  It has nothing that the device reads, nor have the
 *	others, and their segments follow upon its own
 * @nr: segments of all of them
 */
static inline void mdev_vq_iter_in_all(struct mdev_vq_iter *iter,
				       const struct mdev_vq_chain *chain,
				       unsigned int nr)
{
	mdev_vq_iter_segs(iter, chain->segs, nr);
	iter->tlb = chain->tlb;
}

/**
 * mdev_vq_iter_skip() - move on without copying
 * @iter: the iterator; in its segments there are as many bytes left
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
