// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: life, state and callbacks.  The rings themselves are
 * read and written in vq_split.c and vq_packed.c.
 *
 * This file, vq_desc.c, vq_iter.c and those two also build in userspace, for
 * tests: see tests/unit/.
 */

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/wait_bit.h>

#include "vq_private.h"

/**
 * mdev_vq_init() - make a virtqueue
 * @vq: zeroed memory
 * @ops: what the queue asks of the parent; constant
 * @dev: for messages; outlives the queue
 * @index: of the queue within its device
 * @num_max: the largest ring size, a power of two
 *
 * The queue is split, as without any feature, and has no address, the largest
 * size and state 0.
 *
 * Context: process context.
 */
void mdev_vq_init(struct mdev_vq *vq, const struct mdev_vq_ops *ops,
		  struct device *dev, u16 index, u16 num_max)
{
	vq->ops = ops;
	vq->dev = dev;
	vq->index = index;
	vq->num_max = num_max;
	vq->layout = &mdev_vq_split_layout;
	atomic_set(&vq->users, 0);
	spin_lock_init(&vq->cb_lock);
	mdev_vq_reset(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_init);

/**
 * mdev_vq_destroy() - undo mdev_vq_init()
 * @vq: stopped virtqueue
 *
 * Context: process context.
 */
void mdev_vq_destroy(struct mdev_vq *vq)
{
	WARN_ON_ONCE(vq->started);
	kvfree(vq->table);
	vq->table = NULL;
}
EXPORT_SYMBOL_GPL(mdev_vq_destroy);

static bool mdev_vq_num_valid(const struct mdev_vq *vq, u32 num)
{
	return num && num <= vq->num_max &&
	       (vq->layout->any_num || !(num & (num - 1)));
}

/**
 * mdev_vq_set_features() - what was negotiated
 * @vq: stopped virtqueue
 * @features: the driver's features
 *
 * To be called for each virtqueue from &virtio_mdev_ops.set_driver_features,
 * and with 0 from &virtio_mdev_ops.reset.  Where the layout of the virtqueue
 * changes by it, its state is lost.
 *
 * Context: serialised by the class driver.
 */
void mdev_vq_set_features(struct mdev_vq *vq, u64 features)
{
	const struct mdev_vq_layout *layout = &mdev_vq_split_layout;

	if (WARN_ON_ONCE(vq->started))
		return;
	if (features & BIT_ULL(VIRTIO_F_RING_PACKED))
		layout = &mdev_vq_packed_layout;
	if (layout != vq->layout) {
		vq->layout = layout;
		layout->set_state(vq, &layout->initial);
	}
	vq->indirect = features & BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC);
	vq->event_idx = features & BIT_ULL(VIRTIO_RING_F_EVENT_IDX);
	vq->in_order = features & BIT_ULL(VIRTIO_F_IN_ORDER);
}
EXPORT_SYMBOL_GPL(mdev_vq_set_features);

static int mdev_vq_check_area(const struct mdev_vq *vq, enum mdev_vq_area area,
			      u64 addr)
{
	u64 last;

	if (addr & (vq->layout->align[area] - 1))
		return -EINVAL;
	if (check_add_overflow(addr, (u64)vq->layout->map_len(vq, area) - 1,
			       &last))
		return -EINVAL;
	return 0;
}

/**
 * mdev_vq_set_address() - set where the virtqueue lies
 * @vq: the virtqueue
 * @desc_area: descriptor table, or packed descriptor ring
 * @driver_area: available ring, or packed driver event suppression
 * @device_area: used ring, or packed device event suppression
 *
 * Context: process context, serialised by the class driver.
 * Return: 0; -EINVAL if an address is not aligned, or the ring wraps; -EBUSY
 * if the queue is started.
 */
int mdev_vq_set_address(struct mdev_vq *vq, u64 desc_area, u64 driver_area,
			u64 device_area)
{
	if (vq->started)
		return -EBUSY;
	if (mdev_vq_check_area(vq, MDEV_VQ_DESC, desc_area) ||
	    mdev_vq_check_area(vq, MDEV_VQ_DRIVER, driver_area) ||
	    mdev_vq_check_area(vq, MDEV_VQ_DEVICE, device_area))
		return -EINVAL;

	vq->desc_area = desc_area;
	vq->driver_area = driver_area;
	vq->device_area = device_area;
	vq->has_address = true;
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_set_address);

/**
 * mdev_vq_set_num() - set the ring size
 * @vq: the virtqueue
 * @num: number of entries
 *
 * Context: process context, serialised by the class driver.
 * Return: 0; -EINVAL if @num is 0, over the maximum or, unless the queue is
 * packed, not a power of two; -EBUSY if the queue is started.
 */
int mdev_vq_set_num(struct mdev_vq *vq, u32 num)
{
	if (vq->started)
		return -EBUSY;
	if (!mdev_vq_num_valid(vq, num))
		return -EINVAL;

	WRITE_ONCE(vq->num, num);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_set_num);

/**
 * mdev_vq_set_state() - set where the virtqueue begins
 * @vq: the virtqueue
 * @state: as from mdev_vq_get_state().  Whether a packed virtqueue of this size
 *	can be there is checked by mdev_vq_start()
 *
 * Context: process context, serialised by the class driver.
 * Return: 0; -EBUSY if the queue is started.
 */
int mdev_vq_set_state(struct mdev_vq *vq,
		      const struct virtio_mdev_vq_state *state)
{
	if (vq->started)
		return -EBUSY;
	vq->layout->set_state(vq, state);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_set_state);

/**
 * mdev_vq_get_state() - where the virtqueue stands
 * @vq: the virtqueue
 * @state: result; exact if the queue is stopped or paused
 *
 * Context: process context, serialised by the class driver.
 * Return: 0.
 */
int mdev_vq_get_state(struct mdev_vq *vq, struct virtio_mdev_vq_state *state)
{
	vq->layout->get_state(vq, state);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_get_state);

/**
 * mdev_vq_set_ready() - the driver has set the queue up, or wants it stopped
 * @vq: the virtqueue
 * @ready: what mdev_vq_is_ready() is to say; starting and stopping is up to the
 *	parent
 *
 * Context: process context, serialised by the class driver.
 * Return: 0; -EINVAL if it has no address.
 */
int mdev_vq_set_ready(struct mdev_vq *vq, bool ready)
{
	if (ready && !vq->has_address)
		return -EINVAL;
	WRITE_ONCE(vq->ready, ready);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_set_ready);

/**
 * mdev_vq_reset() - back to before the queue was set up
 * @vq: stopped virtqueue
 *
 * Features stay as they are, for one virtqueue may be reset alone.  Callbacks
 * stay set and counters go on.
 *
 * Context: process context, serialised by the class driver.
 */
void mdev_vq_reset(struct mdev_vq *vq)
{
	WARN_ON_ONCE(vq->started);
	vq->has_address = false;
	vq->desc_area = 0;
	vq->driver_area = 0;
	vq->device_area = 0;
	WRITE_ONCE(vq->num, vq->num_max);
	WRITE_ONCE(vq->ready, false);
	WRITE_ONCE(vq->broken, false);
	vq->layout->set_state(vq, &vq->layout->initial);
}
EXPORT_SYMBOL_GPL(mdev_vq_reset);

static void mdev_vq_invalidate_area(struct mdev_vq *vq)
{
	/*
	 * The user of the queue will see the dead map and break the queue in
	 * its own context.  Nothing more may be done here.
	 */
	vq->ops->wake(vq);
}

static void mdev_vq_invalidate_desc(struct mdev_ring_map *map)
{
	mdev_vq_invalidate_area(container_of(map, struct mdev_vq,
					     maps[MDEV_VQ_DESC]));
}

static void mdev_vq_invalidate_driver(struct mdev_ring_map *map)
{
	mdev_vq_invalidate_area(container_of(map, struct mdev_vq,
					     maps[MDEV_VQ_DRIVER]));
}

static void mdev_vq_invalidate_device(struct mdev_ring_map *map)
{
	mdev_vq_invalidate_area(container_of(map, struct mdev_vq,
					     maps[MDEV_VQ_DEVICE]));
}

static int mdev_vq_map_area(struct mdev_vq *vq, struct mdev_mem *mem,
			    enum mdev_vq_area area, u64 iova,
			    void (*invalidate)(struct mdev_ring_map *map))
{
	struct mdev_ring_map *map = &vq->maps[area];

	map->iova = iova;
	map->len = vq->layout->map_len(vq, area);
	map->perm = vq->layout->perm[area];
	map->invalidate = invalidate;
	return mdev_mem_map_ring(mem, map);
}

static void mdev_vq_unmap(struct mdev_vq *vq)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vq->maps); i++)
		mdev_mem_unmap_ring(&vq->maps[i]);
}

/**
 * mdev_vq_start() - map the rings and let users in
 * @vq: ready virtqueue, not started
 * @mem: memory that the driver's addresses belong to; in use until
 *	mdev_vq_stop() returns
 *
 * The driver may have made buffers available already: have the queue looked at
 * afterwards.
 *
 * Context: process context, may sleep; as mdev_mem_map_ring().
 * Return: 0; -EINVAL if the queue has no address, or its size, address and
 * state do not go together; otherwise what mdev_mem_map_ring() said.
 */
int mdev_vq_start(struct mdev_vq *vq, struct mdev_mem *mem)
{
	struct virtio_mdev_vq_state state;
	int ret;

	if (!vq->has_address)
		return -EINVAL;
	/* What was set before the features were was checked for another layout. */
	if (!mdev_vq_num_valid(vq, vq->num) ||
	    mdev_vq_check_area(vq, MDEV_VQ_DESC, vq->desc_area) ||
	    mdev_vq_check_area(vq, MDEV_VQ_DRIVER, vq->driver_area) ||
	    mdev_vq_check_area(vq, MDEV_VQ_DEVICE, vq->device_area)) {
		dev_err_ratelimited(vq->dev,
				    "virtqueue %u: its size or address does not suit the features: set them after the features\n",
				    vq->index);
		return -EINVAL;
	}

	/* A second start without a reset goes on where the first one ended. */
	vq->layout->get_state(vq, &state);
	vq->layout->set_state(vq, &state);
	vq->table_wanted = false;
	vq->table_valid = false;
	vq->table_faults = 0;
	WRITE_ONCE(vq->broken, false);

	ret = mdev_vq_map_area(vq, mem, MDEV_VQ_DESC, vq->desc_area,
			       mdev_vq_invalidate_desc);
	if (ret)
		goto err;
	ret = mdev_vq_map_area(vq, mem, MDEV_VQ_DRIVER, vq->driver_area,
			       mdev_vq_invalidate_driver);
	if (ret)
		goto err;
	ret = mdev_vq_map_area(vq, mem, MDEV_VQ_DEVICE, vq->device_area,
			       mdev_vq_invalidate_device);
	if (ret)
		goto err;

	ret = vq->layout->start(vq);
	if (ret)
		goto err;

	vq->mem = mem;
	vq->started = true;
	mdev_vq_resume(vq);
	return 0;

err:
	mdev_vq_unmap(vq);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_vq_start);

/**
 * mdev_vq_pause() - keep users out, and wait until the last one has left
 * @vq: the virtqueue
 *
 * Context: process context, may sleep.  The caller must hold no lock that a
 * user of the queue takes.
 */
void mdev_vq_pause(struct mdev_vq *vq)
{
	WRITE_ONCE(vq->live, false);
	/*
	 * Either mdev_vq_claim() sees !live, or its count is seen here.  Pairs
	 * with smp_mb__after_atomic() there.
	 */
	smp_mb();
	wait_var_event(&vq->users, !atomic_read_acquire(&vq->users));
}
EXPORT_SYMBOL_GPL(mdev_vq_pause);

/**
 * mdev_vq_resume() - let users in again after mdev_vq_pause()
 * @vq: the virtqueue; nothing happens if it is not started
 *
 * Kicks were not remembered: have the queue looked at.
 *
 * Context: process context, serialised by the class driver.
 */
void mdev_vq_resume(struct mdev_vq *vq)
{
	if (!vq->started)
		return;
	/* Pairs with smp_load_acquire() in mdev_vq_is_live() */
	smp_store_release(&vq->live, true);
}
EXPORT_SYMBOL_GPL(mdev_vq_resume);

/**
 * mdev_vq_stop() - wait for the user to be out and unmap the rings
 * @vq: the virtqueue; nothing happens if it is not started
 *
 * Context: process context, may sleep.  The caller must hold no lock that a
 * user of the queue or &mdev_vq_ops.wake takes.
 */
void mdev_vq_stop(struct mdev_vq *vq)
{
	if (!vq->started)
		return;

	mdev_vq_pause(vq);
	vq->started = false;
	mdev_vq_unmap(vq);
	vq->mem = NULL;
}
EXPORT_SYMBOL_GPL(mdev_vq_stop);

/**
 * mdev_vq_claim() - become a user of the queue
 * @vq: the virtqueue
 *
 * Keeps the rings mapped.  It does not keep other users out, which is the
 * parent's part.
 *
 * Context: any.
 * Return: whether the queue is live and not broken; then mdev_vq_release() must
 * follow.
 */
bool mdev_vq_claim(struct mdev_vq *vq)
{
	atomic_inc(&vq->users);
	/* Pairs with smp_mb() in mdev_vq_pause() */
	smp_mb__after_atomic();
	if (mdev_vq_is_live(vq) && !READ_ONCE(vq->broken))
		return true;
	mdev_vq_release(vq);
	return false;
}
EXPORT_SYMBOL_GPL(mdev_vq_claim);

/**
 * mdev_vq_release() - undo mdev_vq_claim()
 * @vq: the virtqueue
 *
 * Context: any; outside of any read section.
 */
void mdev_vq_release(struct mdev_vq *vq)
{
	/*
	 * Fully ordered: the user's accesses before the unmapping, and the
	 * count before the look for a waiter.  From then on @vq may be gone, so
	 * wake_up_var() gets its address but nothing looks into it.
	 */
	if (atomic_dec_and_test(&vq->users))
		wake_up_var(&vq->users);
}
EXPORT_SYMBOL_GPL(mdev_vq_release);

/**
 * mdev_vq_alive() - whether the rings may be touched
 * @vq: claimed virtqueue
 *
 * To be asked once in each read section before anything else of the queue is
 * used in it.  Breaks the queue if the driver took its memory away.
 *
 * Context: inside a read section of the queue's memory.
 * Return: true if they may, until the section ends.
 */
bool mdev_vq_alive(struct mdev_vq *vq)
{
	unsigned int i;

	if (READ_ONCE(vq->broken))
		return false;
	for (i = 0; i < ARRAY_SIZE(vq->maps); i++) {
		if (READ_ONCE(vq->maps[i].dead)) {
			mdev_vq_break(vq, "its memory at %#llx was unmapped",
				      (unsigned long long)vq->maps[i].iova);
			return false;
		}
	}
	return true;
}
EXPORT_SYMBOL_GPL(mdev_vq_alive);

/**
 * mdev_vq_break() - give up on a virtqueue
 * @vq: claimed virtqueue
 * @fmt: the reason, for a person; then its arguments
 *
 * The queue is not served until it is stopped and started again.  The driver
 * learns it by the error callback, and the parent by &mdev_vq_ops.broken.
 *
 * Context: the user of the queue, process or softirq context with interrupts
 * on; maybe inside a read section.
 */
void mdev_vq_break(struct mdev_vq *vq, const char *fmt, ...)
{
	char reason[96];
	va_list args;

	if (vq->broken)
		return;
	WRITE_ONCE(vq->broken, true);
	atomic64_inc(&vq->counters.errors);

	va_start(args, fmt);
	vscnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	dev_err_ratelimited(vq->dev,
			    "virtqueue %u broke: %s; the driver must reset it\n",
			    vq->index, reason);

	/* The status first, for who is told of the error looks at that. */
	vq->ops->broken(vq);

	spin_lock_bh(&vq->cb_lock);
	if (vq->cb.error)
		vq->cb.error(vq->cb.private);
	spin_unlock_bh(&vq->cb_lock);
}
EXPORT_SYMBOL_GPL(mdev_vq_break);

/**
 * mdev_vq_set_cb() - set the driver's callbacks
 * @vq: the virtqueue
 * @cb: copied; NULL for none
 *
 * When this returns the former callbacks neither run nor are called.
 *
 * Context: process context, not from a callback.
 */
void mdev_vq_set_cb(struct mdev_vq *vq, const struct virtio_mdev_callback *cb)
{
	static const struct virtio_mdev_callback none;

	spin_lock_bh(&vq->cb_lock);
	vq->cb = cb ? *cb : none;
	spin_unlock_bh(&vq->cb_lock);
}
EXPORT_SYMBOL_GPL(mdev_vq_set_cb);

/**
 * mdev_vq_signal() - interrupt the driver
 * @vq: claimed virtqueue
 *
 * Context: the user of the queue, process or softirq context with interrupts
 * on, for the callback may raise a softirq that should run soon.  Better
 * outside of a read section.
 */
void mdev_vq_signal(struct mdev_vq *vq)
{
	bool called = false;

	spin_lock_bh(&vq->cb_lock);
	if (vq->cb.callback) {
		vq->cb.callback(vq->cb.private);
		called = true;
	}
	spin_unlock_bh(&vq->cb_lock);

	if (called)
		WRITE_ONCE(vq->counters.signals, vq->counters.signals + 1);
}
EXPORT_SYMBOL_GPL(mdev_vq_signal);

/**
 * mdev_vq_get_stats() - read the counters
 * @vq: the virtqueue
 * @stats: result
 *
 * Context: any.
 */
void mdev_vq_get_stats(struct mdev_vq *vq, struct virtio_mdev_vq_stats *stats)
{
	stats->kicks = atomic64_read(&vq->counters.kicks);
	stats->errors = atomic64_read(&vq->counters.errors);
	stats->signals = READ_ONCE(vq->counters.signals);
	stats->chains = READ_ONCE(vq->counters.chains);
	stats->bytes = READ_ONCE(vq->counters.bytes);
	stats->drops = READ_ONCE(vq->counters.drops);
}
EXPORT_SYMBOL_GPL(mdev_vq_get_stats);

/**
 * mdev_vq_pop() - take the next chain that the driver made available
 * @vq: live virtqueue
 * @chain: @segs and @max_segs set by the caller; the rest is the result
 *
 * Context: the user of the queue, inside a read section, after
 * mdev_vq_alive().
 * Return: 1; 0 if there is none; -EAGAIN if an indirect table is not at hand:
 * leave the section, call mdev_vq_fault() and pop again; -EPROTO if the queue
 * broke.
 */
int mdev_vq_pop(struct mdev_vq *vq, struct mdev_vq_chain *chain)
{
	if (READ_ONCE(vq->broken))
		return -EPROTO;
	return vq->layout->pop(vq, chain);
}
EXPORT_SYMBOL_GPL(mdev_vq_pop);

/**
 * mdev_vq_unpop() - give back the chain popped last
 * @vq: claimed virtqueue
 * @chain: from mdev_vq_pop(), neither pushed nor given back; of several, the
 *	last one first
 *
 * It will be popped again.
 *
 * Context: the user of the queue; needs no read section.
 */
void mdev_vq_unpop(struct mdev_vq *vq, const struct mdev_vq_chain *chain)
{
	vq->layout->unpop(vq, chain);
}
EXPORT_SYMBOL_GPL(mdev_vq_unpop);

/**
 * mdev_vq_check_order() - whether a chain is the next one to be used
 * @vq: the virtqueue, VIRTIO_F_IN_ORDER negotiated
 * @chain: the chain
 * @pos: where the next chain was popped
 *
 * Return: true if it is.  If not then the queue is broken, before the driver
 * takes one chain for another.
 */
bool mdev_vq_check_order(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
			 u16 pos)
{
	if (likely(chain->pos == pos))
		return true;
	mdev_vq_break(vq, "the device uses chains out of order, and offered VIRTIO_F_IN_ORDER");
	return false;
}

/**
 * mdev_vq_push() - write a used entry
 * @vq: live virtqueue
 * @chain: from mdev_vq_pop(); not to be used again
 * @len: bytes written into the chain
 *
 * The driver does not see it before mdev_vq_publish().  With VIRTIO_F_IN_ORDER
 * chains are pushed in the order in which they were popped, or the queue
 * breaks; fewer entries are written then, where chains are used in full.
 *
 * Context: as mdev_vq_pop().
 */
void mdev_vq_push(struct mdev_vq *vq, const struct mdev_vq_chain *chain,
		  u32 len)
{
	vq->layout->push(vq, chain, len);
	WRITE_ONCE(vq->counters.chains, vq->counters.chains + 1);
}
EXPORT_SYMBOL_GPL(mdev_vq_push);

/**
 * mdev_vq_publish() - let the driver see what was pushed
 * @vq: live virtqueue
 *
 * Nothing happens if the queue broke since: it is not touched again.
 *
 * Context: as mdev_vq_pop().
 */
void mdev_vq_publish(struct mdev_vq *vq)
{
	if (READ_ONCE(vq->broken))
		return;
	vq->layout->publish(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_publish);

/**
 * mdev_vq_need_signal() - whether the driver wants to hear of what was published
 * @vq: live virtqueue
 *
 * Asked once after a batch.
 *
 * Context: as mdev_vq_pop().
 * Return: true if mdev_vq_signal() is due.
 */
bool mdev_vq_need_signal(struct mdev_vq *vq)
{
	if (READ_ONCE(vq->broken))
		return false;
	return vq->layout->need_signal(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_need_signal);

/**
 * mdev_vq_disable_notify() - spare the driver the kicks
 * @vq: live virtqueue
 *
 * A hint: kicks may come all the same.
 *
 * Context: as mdev_vq_pop().
 */
void mdev_vq_disable_notify(struct mdev_vq *vq)
{
	if (READ_ONCE(vq->broken))
		return;
	vq->layout->disable_notify(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_disable_notify);

/**
 * mdev_vq_enable_notify() - ask for a kick at the next chain
 * @vq: live virtqueue
 *
 * The next one is that after all that mdev_vq_pop() has found so far, given
 * back or not: who waits for more buffers than there are waits for a new one.
 *
 * Context: as mdev_vq_pop().
 * Return: true if there are more already, so that the kick may not come: go on.
 */
bool mdev_vq_enable_notify(struct mdev_vq *vq)
{
	if (READ_ONCE(vq->broken))
		return false;
	return vq->layout->enable_notify(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_enable_notify);
