// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-side virtqueues: their set-up, start and stop.  What a user of a queue
 * calls is in vq_use.c; the rings are read and written in vq_split.c and
 * vq_packed.c.
 *
 * All files vq*.c also build in userspace, for tests: see tests/unit/.
 */

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/wait_bit.h>

#include "vq_break.h"
#include "vq_private.h"
#include "vq_tlb.h"

/* How often to say that somebody waits for the user of a queue to leave */
#define MDEV_VQ_PATIENCE	HZ

/*
 * How long to wait for rings that return, and how often to look: a VMM with hardware
 * in the same container pins all of the memory before it is mapped again.
 */
#define MDEV_VQ_RETURN		(10 * HZ)
#define MDEV_VQ_RETRY		(HZ / 200 + 1)

static void mdev_vq_free(struct mdev_vq *vq)
{
	kvfree(vq->table);
	vq->table = NULL;
	mdev_vq_tlb_destroy(&vq->tlb);
}

/**
 * mdev_vq_init() - make a virtqueue
 * @vq: zeroed memory
 * @ops: what the queue asks of the parent; constant
 * @dev: for messages; outlives the queue
 * @index: of the queue within its device
 * @num_max: the largest ring size, a power of two
 *
 * The queue is split, as it is without any feature; it has no address, the largest
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
	spin_lock_init(&vq->reason_lock);
	spin_lock_init(&vq->cb_lock);
	mdev_vq_reset(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_init);

/**
 * mdev_vq_set_num_max() - change the largest ring size
 * @vq: virtqueue that no driver has
 * @num_max: the size, a power of two
 *
 * Context: process context.
 */
void mdev_vq_set_num_max(struct mdev_vq *vq, u16 num_max)
{
	WARN_ON_ONCE(vq->started);
	vq->num_max = num_max;
	WRITE_ONCE(vq->num, num_max);
}

/**
 * mdev_vq_destroy() - undo mdev_vq_init()
 * @vq: stopped virtqueue
 *
 * Context: process context.
 */
void mdev_vq_destroy(struct mdev_vq *vq)
{
	WARN_ON_ONCE(vq->started);
	mdev_vq_free(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_destroy);

static bool mdev_vq_num_valid(const struct mdev_vq *vq, u32 num)
{
	return num && num <= vq->num_max &&
	       (vq->layout->any_num || !(num & (num - 1)));
}

/**
 * mdev_vq_set_features() - set the negotiated features
 * @vq: stopped virtqueue
 * @features: the driver's features
 *
 * To be called for each virtqueue from &virtio_mdev_ops.set_driver_features,
 * and with 0 from &virtio_mdev_ops.reset.  If this changes the layout of the
 * virtqueue, its state is lost.
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
 * mdev_vq_set_address() - set the addresses of the virtqueue
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
 * @state: as from mdev_vq_get_state().  mdev_vq_start() checks whether a packed
 *	virtqueue of this size can have it
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
 * A virtqueue without an address may be ready, too: some drivers make all of a
 * device's virtqueues ready, also those that they do not use.
 *
 * Context: process context, serialised by the class driver.
 */
void mdev_vq_set_ready(struct mdev_vq *vq, bool ready)
{
	WRITE_ONCE(vq->ready, ready);
}
EXPORT_SYMBOL_GPL(mdev_vq_set_ready);

/**
 * mdev_vq_reset() - undo the set-up of the queue
 * @vq: stopped virtqueue
 *
 * Features stay as they are, because one virtqueue may be reset alone.  Callbacks
 * stay set and counters go on.  Memory that was allocated for the driver is freed.
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
	/* This does not concern the next driver of the queue. */
	WRITE_ONCE(vq->untold, false);
	WRITE_ONCE(vq->unsignalled, false);
	vq->layout->set_state(vq, &vq->layout->initial);
	mdev_vq_free(vq);
}
EXPORT_SYMBOL_GPL(mdev_vq_reset);

static void mdev_vq_invalidate_area(struct mdev_vq *vq)
{
	/*
	 * The user of the queue will see the dead map and break the queue in
	 * its own context.  This context allows no more than that.
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
			    enum mdev_vq_area area)
{
	static void (*const invalidate[])(struct mdev_ring_map *map) = {
		[MDEV_VQ_DESC] = mdev_vq_invalidate_desc,
		[MDEV_VQ_DRIVER] = mdev_vq_invalidate_driver,
		[MDEV_VQ_DEVICE] = mdev_vq_invalidate_device,
	};
	const u64 iovas[] = {
		[MDEV_VQ_DESC] = vq->desc_area,
		[MDEV_VQ_DRIVER] = vq->driver_area,
		[MDEV_VQ_DEVICE] = vq->device_area,
	};
	struct mdev_ring_map *map = &vq->maps[area];

	map->iova = iovas[area];
	map->len = vq->layout->map_len(vq, area);
	map->perm = vq->layout->perm[area];
	map->invalidate = invalidate[area];
	return mdev_mem_map_ring(mem, map);
}

/* Also undoes a partial start */
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
 * afterwards if it is mdev_vq_pending().
 *
 * Context: process context, may sleep; as mdev_mem_map_ring().
 * Return: 0; -EINVAL if the queue has no address, or its size, address and
 * state do not fit together; -ENOMEM, or another error of mdev_mem_map_ring().
 */
int mdev_vq_start(struct mdev_vq *vq, struct mdev_mem *mem)
{
	struct virtio_mdev_vq_state state;
	unsigned int area;
	int ret;

	if (!vq->has_address)
		return -EINVAL;
	/* If set before the features, these were checked for another layout. */
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
	WRITE_ONCE(vq->away, false);

	ret = mdev_vq_tlb_init(&vq->tlb, mem, vq->num);
	if (ret)
		return ret;
	for (area = 0; area < ARRAY_SIZE(vq->maps); area++) {
		ret = mdev_vq_map_area(vq, mem, area);
		if (ret)
			goto err;
	}
	if (vq->layout->check) {
		ret = vq->layout->check(vq);
		if (ret)
			goto err;
	}
	vq->layout->attach(vq);

	vq->mem = mem;
	vq->started = true;
	mdev_vq_resume(vq);
	return 0;

err:
	mdev_vq_unmap(vq);
	return ret;
}
EXPORT_SYMBOL_GPL(mdev_vq_start);

/* Keep users out, and wait; if @may_fail, no longer than there is hope.  0 or -EBUSY. */
static int mdev_vq_keep_out(struct mdev_vq *vq, bool may_fail)
{
	WRITE_ONCE(vq->live, false);
	/*
	 * Either mdev_vq_claim() sees !live, or its count is seen here.  Pairs
	 * with smp_mb__after_atomic() there.
	 */
	smp_mb();
	while (!wait_var_event_timeout(&vq->users,
				       !atomic_read_acquire(&vq->users),
				       MDEV_VQ_PATIENCE)) {
		if (vq->ops->hurry)
			vq->ops->hurry(vq);
		if (may_fail && vq->ops->hopeless && vq->ops->hopeless(vq))
			return -EBUSY;
	}
	return 0;
}

/**
 * mdev_vq_pause() - keep users out, and wait until the last one has left
 * @vq: the virtqueue
 *
 * Context: process context, may sleep.  The caller must hold no lock that a
 * user of the queue takes.
 */
void mdev_vq_pause(struct mdev_vq *vq)
{
	mdev_vq_keep_out(vq, false);
}
EXPORT_SYMBOL_GPL(mdev_vq_pause);

/**
 * mdev_vq_try_pause() - as mdev_vq_pause(), unless the last user cannot leave
 * @vq: the virtqueue
 *
 * Context: as mdev_vq_pause().
 * Return: 0; -EBUSY if &mdev_vq_ops.hopeless says so: users are kept out until
 * mdev_vq_resume(), but the last one is still there.
 */
int mdev_vq_try_pause(struct mdev_vq *vq)
{
	return mdev_vq_keep_out(vq, true);
}
EXPORT_SYMBOL_GPL(mdev_vq_try_pause);

/**
 * mdev_vq_resume() - let users in again after mdev_vq_pause()
 * @vq: the virtqueue; nothing happens if it is not started
 *
 * Kicks were not remembered: have the queue looked at if it is
 * mdev_vq_pending().
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
 * mdev_vq_stop() - wait until the user has left, and unmap the rings
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
 * mdev_vq_renew() - map the rings again if their memory was taken away meanwhile
 * @vq: virtqueue after mdev_vq_pause(); nothing happens if it is not started, or
 *	broken, or its memory is still there
 *
 * The queue continues where it stood, and users are let in.  If the driver has
 * mapped no other memory there, the queue breaks.
 *
 * Context: process context, may sleep; as mdev_vq_start().
 * Return: 0, also if it broke; -ENOMEM, -EINTR or -EBUSY, and the queue is stopped.
 */
int mdev_vq_renew(struct mdev_vq *vq)
{
	const struct mdev_ring_map *lost = mdev_vq_lost(vq);
	struct mdev_mem *mem = vq->mem;
	int ret;

	if (!vq->started || READ_ONCE(vq->broken) || !lost)
		return 0;
	mdev_vq_stop(vq);
	ret = mdev_vq_start(vq, mem);
	if (ret == -ENOMEM || ret == -EINTR || ret == -EBUSY)
		return ret;
	if (ret)
		mdev_vq_break_lost(vq, lost);
	return 0;
}
EXPORT_SYMBOL_GPL(mdev_vq_renew);

/* Map one area again, which takes as long as the driver does.  See the caller. */
static int mdev_vq_map_area_again(struct mdev_vq *vq, enum mdev_vq_area area,
				  unsigned long end)
{
	struct mdev_ring_map *map = &vq->maps[area];
	int ret;

	mdev_mem_unmap_ring(map);
	for (;;) {
		if (!READ_ONCE(vq->live))
			return -EAGAIN;
		ret = mdev_vq_map_area(vq, vq->mem, area);
		if (!ret)
			return 0;
		WRITE_ONCE(map->dead, true);
		/* Nothing is mapped there, or it is still being unmapped. */
		if ((ret != -EFAULT && ret != -EBUSY) ||
		    time_after_eq(jiffies, end) || fatal_signal_pending(current))
			return -EFAULT;
		schedule_timeout_interruptible(MDEV_VQ_RETRY);
	}
}

/**
 * mdev_vq_map_again() - wait until rings that were taken away are mapped again
 * @vq: claimed virtqueue of memory with &mdev_mem.rings_return, some of its rings dead
 *
 * A VMM unmaps and maps all of its guest's memory when only the attributes of a part
 * change, as firmware has it do while its devices are in use.
 *
 * The queue is not touched meanwhile.  Ends early if somebody waits for the user of
 * the queue, so that nobody waits for a driver here.
 *
 * Context: the user of the queue, outside of any read section; process context and
 * sleeps.
 * Return: 0; -EAGAIN if it ended early: the queue may not be touched, and
 * mdev_vq_renew() maps it; -EPROTO if the queue broke, because nothing was mapped in
 * time.
 */
int mdev_vq_map_again(struct mdev_vq *vq)
{
	unsigned long end = jiffies + MDEV_VQ_RETURN;
	unsigned int area;
	int ret;

	WRITE_ONCE(vq->away, true);
	for (area = 0; area < ARRAY_SIZE(vq->maps); area++) {
		if (!READ_ONCE(vq->maps[area].dead))
			continue;
		ret = mdev_vq_map_area_again(vq, area, end);
		if (ret == -EAGAIN)
			return ret;
		if (ret) {
			mdev_vq_break_lost(vq, &vq->maps[area]);
			return -EPROTO;
		}
	}
	vq->layout->attach(vq);
	WRITE_ONCE(vq->away, false);
	return 0;
}
